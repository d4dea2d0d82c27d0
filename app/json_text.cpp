#include "json_text.h"

#include "base64.h"
#include "escape.h"

namespace fstool {

void add_text(Json& json, const std::string& key, const std::string& text) {
  json[key] = text;
  if (!is_utf8(text)) json[key + "_base64"] = base64(text);
}

}  // namespace fstool

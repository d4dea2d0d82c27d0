/// \file
/// JSON as the commands print it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace fstool {

/// Objects keep the order in which they are written down.
using Json = nlohmann::ordered_json;

/// Adds `text`, and, if it is not UTF-8, its bytes as KEY_base64.
void add_text(Json& json, const std::string& key, const std::string& text);

inline Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

/// Indented, with a newline at the end. Bytes that are not UTF-8 (names of files may have any) are replaced by U+FFFD.
inline std::string json_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// The same in one line, for streams of objects.
inline std::string json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace fstool

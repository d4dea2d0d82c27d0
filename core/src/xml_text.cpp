#include "xml_text.h"

#include <algorithm>

#include "escape.h"

namespace fstool {

namespace {

bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }

/// U+FFFE and U+FFFF, which XML excludes though they are valid UTF-8.
bool begins_noncharacter(std::string_view text) {
  return text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF");
}

/// The first `characters` characters of UTF-8, with a "…" as the last if there are more.
std::string shortened(std::string_view text, std::size_t characters) {
  const auto count = static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
  if (count <= characters) return std::string(text);
  std::size_t kept = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    if (begins_character(text[end]) && ++kept == characters) break;
    ++end;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace

std::string xml_text(std::string_view text, std::size_t characters) {
  const std::string clean = shortened(escape(text, Charset::Utf8), characters);
  std::string out;
  out.reserve(clean.size());
  for (std::size_t i = 0; i < clean.size(); ++i) {
    switch (clean[i]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (begins_noncharacter(std::string_view(clean).substr(i))) {
          out += "\xEF\xBF\xBD";  // the replacement character
          i += 2;
        } else {
          out += clean[i];
        }
    }
  }
  return out;
}

}  // namespace fstool

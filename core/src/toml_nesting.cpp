#include "toml_nesting.h"

#include <algorithm>

namespace fstool {

namespace {

/// The offset just behind the string that begins at `start` with a quote: basic or literal, on one line or several.
std::size_t end_of_string(std::string_view text, std::size_t start) {
  const char quote = text[start];
  const bool escapes = quote == '"';
  const bool multiline = text.substr(start, 3) == std::string_view(quote == '"' ? "\"\"\"" : "'''");
  std::size_t position = start + (multiline ? 3 : 1);
  while (position < text.size()) {
    if (escapes && text[position] == '\\') {
      position += 2;
    } else if (multiline && text[position] == quote && text.substr(position, 3) == text.substr(start, 3)) {
      // Up to two quotes may stand directly before the closing three.
      position += 3;
      for (int extra = 0; extra < 2 && position < text.size() && text[position] == quote; ++extra) ++position;
      return position;
    } else if (!multiline && (text[position] == quote || text[position] == '\n')) {
      return position + 1;
    } else {
      ++position;
    }
  }
  return text.size();
}

}  // namespace

std::optional<std::size_t> excessive_toml_nesting(std::string_view text) {
  std::size_t depth = 0;
  std::size_t dots = 0;
  std::size_t position = 0;
  while (position < text.size()) {
    switch (text[position]) {
      case '"':
      case '\'':
        position = end_of_string(text, position);
        continue;
      case '#':
        position = std::min(text.find('\n', position), text.size());
        continue;
      case '[':
      case '{':
        dots = 0;
        if (++depth > kMaxTomlNesting) return position;
        break;
      case ']':
      case '}':
        dots = 0;
        if (depth > 0) --depth;
        break;
      case '.':
        if (++dots >= kMaxTomlNesting) return position;
        break;
      case '=':
      case ',':
      case '\n':
        dots = 0;
        break;
      default:
        break;
    }
    ++position;
  }
  return std::nullopt;
}

}  // namespace fstool

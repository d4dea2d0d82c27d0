#include "escape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace fstool {

namespace {

constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v\\";
constexpr std::string_view kLetters = "abfnrtv\\";

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

/// The length of the character of UTF-8 (RFC 3629) that `text` begins with, 2 to 4 bytes; 0 if there is none, or it is
/// one of the control characters from U+0080 on.
std::size_t multibyte_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  if (!std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length), is_continuation)) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_surrogate = first == 0xED && second >= 0xA0;
  const bool is_too_large = first == 0xF4 && second >= 0x90;
  const bool is_control = first == 0xC2 && second < 0xA0;
  return is_overlong || is_surrogate || is_too_large || is_control ? 0 : length;
}

void append_escape(std::string& out, char byte) {
  const std::size_t known = kEscaped.find(byte);
  if (known != std::string_view::npos) {
    out.append({'\\', kLetters[known]});
  } else {
    out += fmt::format("\\{:03o}", static_cast<unsigned char>(byte));
  }
}

}  // namespace

std::string escape(std::string_view text, Charset charset) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char byte = text.front();
    const bool is_plain = byte >= ' ' && byte <= '~' && byte != '\\';
    const std::size_t length = is_plain ? 1 : charset == Charset::Utf8 ? multibyte_length(text) : 0;
    if (length == 0) {
      append_escape(out, byte);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace fstool

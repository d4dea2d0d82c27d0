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

/// The length of the character beyond ASCII that `text` begins with, 2 to 4 bytes; 0 if there is none (RFC 3629).
std::size_t multibyte_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  if (!std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length), is_continuation)) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_surrogate = first == 0xED && second >= 0xA0;
  const bool is_too_large = first == 0xF4 && second >= 0x90;
  return is_overlong || is_surrogate || is_too_large ? 0 : length;
}

/// True for U+0080 to U+009F, which command terminals as the control characters of ASCII do.
bool is_control(std::string_view character) {
  return character.front() == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
}

/// The length of what `text` begins with if it can be shown as it is, else 0.
std::size_t plain_length(std::string_view text, Charset charset) {
  const char byte = text.front();
  if (byte >= ' ' && byte <= '~') return byte == '\\' ? 0 : 1;
  const std::size_t length = charset == Charset::Utf8 ? multibyte_length(text) : 0;
  return length > 0 && is_control(text) ? 0 : length;
}

void append_escape(std::string& out, char byte) {
  const std::size_t known = kEscaped.find(byte);
  if (known != std::string_view::npos) {
    out.append({'\\', kLetters[known]});
  } else {
    out += fmt::format("\\{:03o}", static_cast<unsigned char>(byte));
  }
}

/// `kept` are ASCII characters that stay.
std::string escape_except(std::string_view text, Charset charset, std::string_view kept) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const bool keep = kept.find(text.front()) != std::string_view::npos;
    const std::size_t length = keep ? 1 : plain_length(text, charset);
    if (length == 0) {
      append_escape(out, text.front());
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace

std::string escape(std::string_view text, Charset charset) { return escape_except(text, charset, ""); }

std::string escape_message(std::string_view text, Charset charset) { return escape_except(text, charset, "\n\\"); }

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const bool is_ascii = static_cast<unsigned char>(text.front()) < 0x80;
    const std::size_t length = is_ascii ? 1 : multibyte_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace fstool

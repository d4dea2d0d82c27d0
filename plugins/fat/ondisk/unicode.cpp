#include "ondisk/unicode.h"

#include <boost/locale/utf.hpp>
#include <iterator>

namespace fstool::fat {

namespace {

using Utf8 = boost::locale::utf::utf_traits<char>;
using Utf16 = boost::locale::utf::utf_traits<char16_t>;
using boost::locale::utf::code_point;

/// True for what a decoder returns in place of a character.
bool is_malformed(code_point character) {
  return character == boost::locale::utf::illegal || character == boost::locale::utf::incomplete;
}

}  // namespace

std::optional<std::u16string> to_utf16(std::string_view text) {
  std::u16string units;
  for (const char *next = text.data(), *end = next + text.size(); next != end;) {
    const code_point character = Utf8::decode(next, end);
    if (is_malformed(character)) return std::nullopt;
    Utf16::encode(character, std::back_inserter(units));
  }
  return units;
}

std::string to_utf8(std::u16string_view text, bool& is_valid) {
  std::string bytes;
  for (const char16_t *next = text.data(), *end = next + text.size(); next != end;) {
    const char16_t* const start = next;
    const code_point character = Utf16::decode(next, end);
    if (is_malformed(character)) {
      is_valid = false;
      next = start + 1;
      continue;
    }
    Utf8::encode(character, std::back_inserter(bytes));
  }
  return bytes;
}

}  // namespace fstool::fat

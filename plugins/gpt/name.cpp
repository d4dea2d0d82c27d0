#include "name.h"

#include <fmt/format.h>

#include <array>
#include <boost/locale/utf.hpp>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <tuple>
#include <vector>

#include "fstool/error.h"

namespace fstool::gpt {
namespace {

using Utf8 = boost::locale::utf::utf_traits<char>;
using Utf16 = boost::locale::utf::utf_traits<char16_t>;
using boost::locale::utf::code_point;

constexpr code_point kReplacementCharacter = 0xFFFD;

/// True for what a decoder returns in place of a character.
bool is_malformed(code_point character) {
  return character == boost::locale::utf::illegal || character == boost::locale::utf::incomplete;
}

}  // namespace

PartitionName encode_name(std::string_view name) {
  std::vector<char16_t> units;
  for (const char *next = name.data(), *end = next + name.size(); next != end;) {
    const code_point character = Utf8::decode(next, end);
    if (is_malformed(character)) throw Error(ErrorCode::InvalidArgument, "the partition's name is not valid UTF-8");
    if (character == 0) throw Error(ErrorCode::InvalidArgument, "the partition's name holds a NUL character");
    Utf16::encode(character, std::back_inserter(units));
  }

  PartitionName encoded{};
  if (units.size() > encoded.size()) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("partition name \"{}\" is too long: it needs {} UTF-16 code units, gpt has room for {}",
                            name, units.size(), encoded.size()));
  }
  for (std::size_t unit = 0; unit < units.size(); ++unit) encoded[unit] = static_cast<std::uint16_t>(units[unit]);
  return encoded;
}

namespace {

/// Gives each character of `name` to `sink`; what is none, as boost::locale's `illegal`.
template <class Sink>
void decode_characters(const PartitionName& name, Sink&& sink) {
  std::array<char16_t, std::tuple_size_v<PartitionName>> units{};
  std::size_t length = 0;
  while (length < name.size() && name[length] != 0) {
    units[length] = static_cast<char16_t>(name[length].value());
    ++length;
  }
  for (const char16_t *next = units.data(), *end = next + length; next != end;) {
    const char16_t* const start = next;
    code_point character = Utf16::decode(next, end);
    if (is_malformed(character)) {
      character = boost::locale::utf::illegal;
      next = start + 1;
    }
    sink(character);
  }
}

}  // namespace

std::string decode_name(const PartitionName& name) {
  std::string decoded;
  decode_characters(name, [&](code_point character) {
    Utf8::encode(is_malformed(character) ? kReplacementCharacter : character, std::back_inserter(decoded));
  });
  return decoded;
}

bool is_valid_name(const PartitionName& name) {
  bool valid = true;
  decode_characters(name, [&](code_point character) { valid = valid && !is_malformed(character); });
  return valid;
}

}  // namespace fstool::gpt

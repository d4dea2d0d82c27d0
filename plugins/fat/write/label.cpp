#include "write/label.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "fstool/error.h"

namespace fstool::fat {

namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::InvalidArgument, why); }

}  // namespace

LabelField encode_label(std::string_view label) {
  if (label.starts_with(' ') || label.ends_with(' ')) {
    refuse(fmt::format("volume_label = \"{}\" begins or ends with a blank", label));
  }
  LabelField field;
  field.fill(' ');
  if (label.size() > field.size()) {
    refuse(fmt::format("volume_label = \"{}\" has more than {} characters", label, field.size()));
  }
  for (std::size_t i = 0; i < label.size(); ++i) {
    // Others are of some code page, and nobody could know of which.
    const bool is_printable = label[i] >= ' ' && label[i] <= '~';
    if (!is_printable || std::string_view("\"*+,./:;<=>?[\\]|").find(label[i]) != std::string_view::npos) {
      refuse(fmt::format("volume_label = \"{}\" has characters that a label of FAT can't have", label));
    }
    field[i] = static_cast<std::uint8_t>(label[i]);
  }
  return field;
}

std::uint32_t parse_volume_id(std::string_view text) {
  std::string digits(text);
  if (digits.size() == 9 && digits[4] == '-') digits.erase(4, 1);
  std::uint32_t id = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), id, 16);
  if (digits.size() != 8 || result.ec != std::errc() || result.ptr != digits.data() + digits.size()) {
    refuse(fmt::format("volume_id = \"{}\" is not eight hexadecimal digits, such as \"1234-ABCD\"", text));
  }
  return id;
}

std::array<char, 8> encode_oem_name(std::string_view name) {
  std::array<char, 8> field;
  field.fill(' ');
  const bool is_ascii = std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
  if (!is_ascii || name.size() > field.size()) {
    refuse(fmt::format("oem_name = \"{}\" is not up to {} characters of ASCII", name, field.size()));
  }
  std::ranges::copy(name, field.begin());
  return field;
}

}  // namespace fstool::fat

#include "partition_types.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "fstool/error.h"
#include "fstool/options.h"
#include "fstool/uuid.h"
#include "structures.h"

namespace fstool::mbr {
namespace {

// Nobody assigns these bytes; the meanings are the ones that `sfdisk --label dos --list-types` and Andries Brouwer's
// list of partition identifiers agree on. The first name of a type is the one that short_type_name() gives.
constexpr std::array<PartitionType, 14> kTypes{{
    {"linux", 0x83},
    {"linux-swap", 0x82},
    {"swap", 0x82},
    {"esp", 0xEF},
    {"efi", 0xEF},
    {"fat", 0x0C},
    {"fat32", 0x0C},
    {"fat16", 0x0E},
    {"ntfs", 0x07},
    {"exfat", 0x07},
    {"linux-lvm", 0x8E},
    {"lvm", 0x8E},
    {"linux-raid", 0xFD},
    {"raid", 0xFD},
}};

/// The value of "0x83"; nothing if `text` is not of that form.
std::optional<unsigned> parse_hex_byte(std::string_view text) {
  if (text.size() < 3 || text.size() > 4 || text[0] != '0' || (text[1] != 'x' && text[1] != 'X')) return std::nullopt;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::uint8_t check_writable(std::uint8_t os_type) {
  if (os_type == 0) {
    throw Error(ErrorCode::InvalidArgument, "partition type 0x00 marks an unused record: give the partition a type");
  }
  if (is_extended(os_type)) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("partition type 0x{:02x} is an extended partition, and mbr writes primary ones only: use "
                            "partition_table = \"gpt\" for more than four",
                            os_type));
  }
  if (os_type == kGptProtective) {
    throw Error(ErrorCode::InvalidArgument, "partition type 0xee protects a GPT: use partition_table = \"gpt\"");
  }
  return os_type;
}

}  // namespace

std::span<const PartitionType> partition_types() { return kTypes; }

std::uint8_t parse_partition_type(std::string_view words) {
  if (const std::optional<unsigned> byte = parse_hex_byte(words))
    return check_writable(static_cast<std::uint8_t>(*byte));
  for (const PartitionType& type : kTypes) {
    if (type.name == words) return type.os_type;
  }
  if (Uuid::parse(words)) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("partition type {} is a GPT type, and mbr has bytes: use one such as \"0x83\", or "
                            "partition_table = \"gpt\"",
                            words));
  }
  std::vector<std::string> names;
  names.reserve(kTypes.size());
  for (const PartitionType& type : kTypes) names.emplace_back(type.name);
  throw Error(
      ErrorCode::InvalidArgument,
      fmt::format("unknown mbr partition type \"{}\"{}: use a short name such as \"linux\" or \"fat\", or a byte "
                  "such as \"0x83\"",
                  words, did_you_mean(words, names)));
}

std::string_view short_type_name(std::uint8_t os_type) {
  if (is_extended(os_type)) return "extended";
  for (const PartitionType& type : kTypes) {
    if (type.os_type == os_type) return type.name;
  }
  return {};
}

}  // namespace fstool::mbr

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
// list of partition identifiers agree on. "fat", "fat16" and "fat32" are the types of today, whose places count as LBA;
// those that count as CHS end in "-chs". The first name of a type is the one that short_type_name() gives.
constexpr std::array<PartitionType, 65> kTypes{{
    {"linux", 0x83},
    {"linux-swap", 0x82},
    {"swap", 0x82},
    {"linux-extended", kLinuxExtended},
    {"linux-lvm", 0x8E},
    {"lvm", 0x8E},
    {"linux-raid", 0xFD},
    {"raid", 0xFD},
    {"linux-plaintext", 0x88},
    {kAnyExtended, kExtended},
    {"extended-lba", kExtendedLba},
    {"esp", 0xEF},
    {"efi", 0xEF},
    {"fat", 0x0C},
    {"fat32", 0x0C},
    {"fat32-lba", 0x0C},
    {"fat32-chs", 0x0B},
    {"fat16", 0x0E},
    {"fat16-lba", 0x0E},
    {"fat16-chs", 0x06},
    {"fat16-small", 0x04},
    {"fat12", 0x01},
    {"ntfs", 0x07},
    {"exfat", 0x07},
    {"hpfs", 0x07},
    {"hidden-fat12", 0x11},
    {"hidden-fat16-small", 0x14},
    {"hidden-fat16-chs", 0x16},
    {"hidden-ntfs", 0x17},
    {"hidden-fat32-chs", 0x1B},
    {"hidden-fat32", 0x1C},
    {"hidden-fat16", 0x1E},
    {"windows-recovery", 0x27},
    {"dynamic-disk", 0x42},
    {"compaq-diagnostics", 0x12},
    {"plan9", 0x39},
    {"prep", 0x41},
    {"qnx4", 0x4D},
    {"qnx4-second", 0x4E},
    {"qnx4-third", 0x4F},
    {"cpm", 0x52},
    {"hurd", 0x63},
    {"netware", 0x65},
    {"minix-old", 0x80},
    {"minix", 0x81},
    {"freebsd", 0xA5},
    {"openbsd", 0xA6},
    {"nextstep", 0xA7},
    {"netbsd", 0xA9},
    {"darwin-ufs", 0xA8},
    {"darwin-boot", 0xAB},
    {"hfs", 0xAF},
    {"bsdi", 0xB7},
    {"bsdi-swap", 0xB8},
    {"solaris-boot", 0xBE},
    {"solaris", 0xBF},
    {"data", 0xDA},
    {"dell-utility", 0xDE},
    {"linux-boot", 0xEA},
    {"beos", 0xEB},
    {"parisc-boot", 0xF0},
    {"ebbr", 0xF8},
    {"vmfs", 0xFB},
    {"vmkcore", 0xFC},
    {"bad-block-table", 0xFF},
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
  for (const PartitionType& type : kTypes) {
    if (type.os_type == os_type) return type.name;
  }
  return {};
}

}  // namespace fstool::mbr

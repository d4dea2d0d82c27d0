/// \file
/// The slots of directories: a file's entry under its short name, and the pieces of its long name before it
/// (fatgen103, "FAT directory structure" and "FAT long directory entries").
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

#include "ondisk/geometry.h"

namespace fstool::fat {

using boost::endian::little_uint16_t;
using boost::endian::little_uint32_t;

inline constexpr std::uint8_t kAttributeReadOnly = 0x01;
inline constexpr std::uint8_t kAttributeHidden = 0x02;
inline constexpr std::uint8_t kAttributeSystem = 0x04;
inline constexpr std::uint8_t kAttributeVolumeLabel = 0x08;
inline constexpr std::uint8_t kAttributeDirectory = 0x10;
inline constexpr std::uint8_t kAttributeArchive = 0x20;
inline constexpr std::uint8_t kAttributeLongName = 0x0F;  // all of the first four, and nothing else

/// First byte of a slot that is free, or was never used.
inline constexpr std::uint8_t kDeletedMark = 0xE5;
inline constexpr std::uint8_t kNeverUsedMark = 0x00;
/// Stands for a first character 0xE5.
inline constexpr std::uint8_t kEscapedE5 = 0x05;

/// DirectoryEntry::name_case, which Windows NT added: the short name is to be shown in lower case.
inline constexpr std::uint8_t kLowerCaseBase = 0x08;
inline constexpr std::uint8_t kLowerCaseExtension = 0x10;

/// Eight characters and three of the extension, each padded with blanks, upper case, in a code page.
using ShortName = std::array<std::uint8_t, 11>;
inline constexpr std::size_t kShortBase = 8;  // characters before the extension

inline constexpr ShortName kDotName = {'.', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
inline constexpr ShortName kDotDotName = {'.', '.', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};

struct DirectoryEntry {
  ShortName name;
  std::uint8_t attributes;
  std::uint8_t name_case;
  std::uint8_t created_hundredths;  // beyond created_time: 0 … 199
  little_uint16_t created_time;
  little_uint16_t created_date;
  little_uint16_t accessed_date;
  little_uint16_t first_cluster_high;  // FAT32 only
  little_uint16_t modified_time;
  little_uint16_t modified_date;
  little_uint16_t first_cluster_low;
  little_uint32_t size;  // bytes; 0 for directories

  bool is_free() const { return name[0] == kDeletedMark || name[0] == kNeverUsedMark; }
  bool is_long_name() const { return attributes == kAttributeLongName; }
  bool is_volume_label() const { return !is_long_name() && (attributes & kAttributeVolumeLabel) != 0; }
  bool is_directory() const { return (attributes & kAttributeDirectory) != 0; }
  std::uint32_t first_cluster(Variant variant) const {
    const std::uint32_t low = first_cluster_low;
    return variant == Variant::Fat32 ? low | std::uint32_t{first_cluster_high} << 16 : low;
  }
};
static_assert(sizeof(DirectoryEntry) == kSlotSize);

/// UTF-16 code units in one LongNameEntry, and in the longest name.
inline constexpr std::size_t kUnitsPerSlot = 13;
inline constexpr std::size_t kMaxNameUnits = 255;
inline constexpr std::size_t kMaxNameSlots = 20;

/// A piece of a long name. The last piece comes first. Behind the name's end: 0x0000, then 0xFFFF.
struct LongNameEntry {
  std::uint8_t order;  // from 1; the last piece has kLastPiece too
  std::array<little_uint16_t, 5> units1;
  std::uint8_t attributes;
  std::uint8_t type;      // 0
  std::uint8_t checksum;  // of the short name that follows
  std::array<little_uint16_t, 6> units2;
  little_uint16_t first_cluster_low;  // 0
  std::array<little_uint16_t, 2> units3;

  static constexpr std::uint8_t kLastPiece = 0x40;

  std::array<char16_t, kUnitsPerSlot> units() const {
    std::array<char16_t, kUnitsPerSlot> all{};
    std::size_t at = 0;
    for (const auto& unit : units1) all[at++] = static_cast<char16_t>(unit.value());
    for (const auto& unit : units2) all[at++] = static_cast<char16_t>(unit.value());
    for (const auto& unit : units3) all[at++] = static_cast<char16_t>(unit.value());
    return all;
  }
  void set_units(const std::array<char16_t, kUnitsPerSlot>& all) {
    std::size_t at = 0;
    for (auto& unit : units1) unit = all[at++];
    for (auto& unit : units2) unit = all[at++];
    for (auto& unit : units3) unit = all[at++];
  }
};
static_assert(sizeof(LongNameEntry) == kSlotSize);

/// What ties a long name to its short name.
constexpr std::uint8_t short_name_checksum(const ShortName& name) {
  std::uint8_t sum = 0;
  for (const std::uint8_t character : name) {
    sum = static_cast<std::uint8_t>((sum >> 1 | sum << 7) + character);
  }
  return sum;
}

}  // namespace fstool::fat

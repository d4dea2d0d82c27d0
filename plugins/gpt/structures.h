/// \file
/// What GPT puts on a disk (UEFI 2.10, chapter 5):
///
///     LBA 0            protective MBR
///     LBA 1            primary header
///     LBA 2 …          primary partition entry array; it may lie further behind, up to the first usable sector
///     …                partitions
///     LBA -1 - array   backup partition entry array
///     LBA -1           backup header: as the primary, with its own place and its own array's
///
/// A table may have no backup: the specification does not know of this, and the tools that make such tables (genimage)
/// let the primary header name itself as its alternate.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

#include "guid.h"

namespace fstool::gpt {

using boost::endian::little_uint16_t;
using boost::endian::little_uint32_t;
using boost::endian::little_uint64_t;

/// One record of the MBR's partition table (UEFI 2.10, table 5.2).
struct MbrRecord {
  std::uint8_t boot_indicator;
  std::array<std::uint8_t, 3> starting_chs;
  std::uint8_t os_type;
  std::array<std::uint8_t, 3> ending_chs;
  little_uint32_t starting_lba;
  little_uint32_t size_in_lba;
};
static_assert(sizeof(MbrRecord) == 16);

/// LBA 0; the rest of a sector larger than 512 bytes is zero (UEFI 2.10, tables 5.1 and 5.3).
struct ProtectiveMbr {
  std::array<std::byte, 440> boot_code;
  little_uint32_t unique_disk_signature;
  little_uint16_t unknown;
  std::array<MbrRecord, 4> partition_record;
  little_uint16_t signature;
};
static_assert(sizeof(ProtectiveMbr) == 512);

inline constexpr std::uint16_t kMbrSignature = 0xAA55;
inline constexpr std::uint8_t kProtectiveType = 0xEE;

/// "EFI PART".
inline constexpr std::uint64_t kHeaderSignature = 0x5452415020494645ULL;
inline constexpr std::uint32_t kHeaderRevision = 0x00010000;

/// The header, at the start of its sector; the rest of the sector is zero (UEFI 2.10, table 5.5).
struct Header {
  little_uint64_t signature;
  little_uint32_t revision;
  little_uint32_t header_size;   // bytes that header_crc32 covers, at least sizeof(Header)
  little_uint32_t header_crc32;  // with this field as zero
  little_uint32_t reserved;
  little_uint64_t my_lba;
  little_uint64_t alternate_lba;
  little_uint64_t first_usable_lba;
  little_uint64_t last_usable_lba;  // inclusive
  Guid disk_guid;
  little_uint64_t partition_entry_lba;
  little_uint32_t number_of_partition_entries;
  little_uint32_t size_of_partition_entry;  // bytes, 128 times a power of two
  little_uint32_t partition_entry_array_crc32;
};
static_assert(sizeof(Header) == 92);

/// One entry of the partition entry array (UEFI 2.10, table 5.6).
struct PartitionEntry {
  Guid partition_type_guid;  // all zero: unused
  Guid unique_partition_guid;
  little_uint64_t starting_lba;
  little_uint64_t ending_lba;  // inclusive
  little_uint64_t attributes;
  std::array<little_uint16_t, 36> partition_name;  // UTF-16LE, NUL-padded
};
static_assert(sizeof(PartitionEntry) == 128);

/// Entries in an array if nobody says otherwise: 16 KiB.
inline constexpr std::uint32_t kDefaultEntries = 128;

}  // namespace fstool::gpt

/// \file
/// The master boot record: the disk's first 512 bytes. There is no one specification; the layout is the one of UEFI
/// 2.10, section 5.2.1, and of the Linux kernel's block/partitions/msdos.c.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

namespace fstool::mbr {

using boost::endian::little_uint16_t;
using boost::endian::little_uint32_t;

/// One of the four records.
struct PartitionRecord {
  std::uint8_t boot_indicator;  // 0x80: active, 0x00: not
  std::array<std::uint8_t, 3> starting_chs;
  std::uint8_t os_type;  // 0x00: unused
  std::array<std::uint8_t, 3> ending_chs;
  little_uint32_t starting_lba;
  little_uint32_t size_in_lba;

  bool used() const noexcept { return os_type != 0 && size_in_lba != 0; }
};
static_assert(sizeof(PartitionRecord) == 16);

struct MasterBootRecord {
  std::array<std::byte, 440> boot_code;
  little_uint32_t disk_signature;
  little_uint16_t reserved;
  std::array<PartitionRecord, 4> partitions;
  little_uint16_t signature;
};
static_assert(sizeof(MasterBootRecord) == 512);

inline constexpr std::uint16_t kSignature = 0xAA55;
inline constexpr std::uint8_t kActive = 0x80;
inline constexpr std::uint8_t kGptProtective = 0xEE;

/// The types of extended partitions, which hold a chain of logical ones.
constexpr bool is_extended(std::uint8_t os_type) { return os_type == 0x05 || os_type == 0x0F || os_type == 0x85; }

}  // namespace fstool::mbr

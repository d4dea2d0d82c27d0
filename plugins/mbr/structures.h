/// \file
/// The master boot record: the disk's first 512 bytes. There is no one specification; the layout is the one of UEFI
/// 2.10, section 5.2.1, and of the Linux kernel's block/partitions/msdos.c. The extended boot record in front of every
/// logical partition has the same layout, but for the boot code and the disk signature, which it leaves zero.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

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
  bool has_boot_indicator() const noexcept { return boot_indicator == 0 || boot_indicator == 0x80; }
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

/// Extended partitions hold a chain of logical ones. Systems that go by the type look for those behind the reach of CHS
/// in the second.
inline constexpr std::uint8_t kExtended = 0x05;
inline constexpr std::uint8_t kExtendedLba = 0x0F;
inline constexpr std::uint8_t kLinuxExtended = 0x85;

constexpr bool is_extended(std::uint8_t os_type) {
  return os_type == kExtended || os_type == kExtendedLba || os_type == kLinuxExtended;
}

/// Primary partitions and the extended one.
inline constexpr std::uint32_t kMaxPrimaries = 4;
/// The number of the first logical partition, as the kernel counts.
inline constexpr std::uint32_t kFirstLogical = 5;
/// The longest chain that is written or followed: four times as many as the Linux kernel has numbers for.
inline constexpr std::uint32_t kMaxLogical = 1024;

/// TableStructure::name of the two kinds of record.
inline constexpr std::string_view kMbrName = "MBR";
inline constexpr std::string_view kBootRecordName = "extended boot record";

}  // namespace fstool::mbr

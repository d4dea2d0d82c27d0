/// \file
/// The directory of dirty bitmaps and their tables (section "Bitmaps").
#pragma once

#include <boost/endian/arithmetic.hpp>
#include <cstdint>

namespace fstool::qcow2 {

/// Followed by the extra data, the name, and padding to a multiple of kBitmapAlignment.
struct BitmapDirectoryEntry {
  boost::endian::big_uint64_t table_offset;
  boost::endian::big_uint32_t table_size;  // entries
  boost::endian::big_uint32_t flags;
  std::uint8_t type;
  std::uint8_t granularity_bits;
  boost::endian::big_uint16_t name_size;        // bytes
  boost::endian::big_uint32_t extra_data_size;  // bytes
};
static_assert(sizeof(BitmapDirectoryEntry) == 24);

inline constexpr std::uint64_t kBitmapAlignment = 8;

/// An offset (kHostOffsetMask), or 0 for bits that are all zeros or, with bit 0, all ones.
using BitmapTableEntry = boost::endian::big_uint64_t;
static_assert(sizeof(BitmapTableEntry) == 8);

inline constexpr std::uint64_t kReservedBitmapTableBits = 0xff00'0000'0000'01fe;

/// Limits that QEMU sets.
inline constexpr std::uint32_t kMaxBitmaps = 65535;
inline constexpr std::uint64_t kMaxBitmapDirectoryBytes = 65535ULL * 1024;
inline constexpr std::uint32_t kMaxBitmapTableEntries = 0x8000000;

}  // namespace fstool::qcow2

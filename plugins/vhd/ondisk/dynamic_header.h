/// \file
/// The dynamic disk header, and the table and blocks that it leads to.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fstool/size.h"
#include "ondisk/geometry.h"

namespace fstool::vhd {

inline constexpr std::string_view kDynamicCookie = "cxsparse";

/// "Parent Locator Entries" of a differencing disk.
struct ParentLocator {
  boost::endian::big_uint32_t platform_code;
  boost::endian::big_uint32_t platform_data_space;
  boost::endian::big_uint32_t platform_data_length;
  boost::endian::big_uint32_t reserved;
  boost::endian::big_uint64_t platform_data_offset;
};
static_assert(sizeof(ParentLocator) == 24);

/// Section "Dynamic Disk Header Format".
struct DynamicHeader {
  std::array<char, 8> cookie;
  boost::endian::big_uint64_t data_offset;   // of a next structure: kNoOffset
  boost::endian::big_uint64_t table_offset;  // of the block allocation table, in bytes
  boost::endian::big_uint32_t header_version;
  boost::endian::big_uint32_t max_table_entries;  // at least the blocks of the disk
  boost::endian::big_uint32_t block_size;         // bytes, a power of two, without the sector bitmap
  boost::endian::big_uint32_t checksum;           // of this header (checksum.h)
  std::array<std::byte, 16> parent_unique_id;
  boost::endian::big_uint32_t parent_time_stamp;
  boost::endian::big_uint32_t reserved;
  std::array<std::byte, 512> parent_unicode_name;
  std::array<ParentLocator, 8> parent_locators;
  std::array<std::byte, 256> reserved_behind;
};
static_assert(sizeof(DynamicHeader) == 1024);
static_assert(offsetof(DynamicHeader, parent_locators) == 576);

/// An entry of the block allocation table: the sector of the file at which the block's bitmap begins.
using TableEntry = boost::endian::big_uint32_t;
inline constexpr std::uint32_t kUnusedEntry = 0xffffffff;

/// Bytes of the bitmap before each block: a bit for each sector, in whole sectors (section "Data Blocks").
constexpr std::uint64_t bitmap_bytes(std::uint64_t block_size) {
  return round_up(div_ceil(block_size / kSectorSize, 8), kSectorSize);
}

}  // namespace fstool::vhd

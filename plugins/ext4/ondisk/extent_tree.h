/// \file
/// The extent tree (Linux Documentation/filesystems/ext4, "Extent Tree").
///
/// The root lies in the inode's i_block: a header and up to four entries. If that is not enough, the entries point at
/// blocks of index entries, and those, after as many levels as it takes, at blocks of extents. Each block ends with a
/// checksum.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ondisk/superblock.h"

namespace fstool::ext4 {

struct ExtentHeader {
  little_uint16_t magic;
  little_uint16_t entries;
  little_uint16_t max_entries;
  little_uint16_t depth;  // 0: the entries are extents
  little_uint32_t generation;
};
static_assert(sizeof(ExtentHeader) == 12);

struct ExtentIndex {
  little_uint32_t first_block;  // logical
  little_uint32_t leaf_lo;
  little_uint16_t leaf_hi;
  little_uint16_t unused;
};
static_assert(sizeof(ExtentIndex) == 12);

struct ExtentLeaf {
  little_uint32_t first_block;  // logical
  little_uint16_t length;
  little_uint16_t start_hi;
  little_uint32_t start_lo;
};
static_assert(sizeof(ExtentLeaf) == 12);

inline constexpr std::uint16_t kExtentMagic = 0xF30A;
/// Longest initialised extent, in blocks.
inline constexpr std::uint32_t kMaxExtentBlocks = 32768;
/// Entries that fit into the inode.
inline constexpr std::size_t kInlineExtents = 4;

}  // namespace fstool::ext4

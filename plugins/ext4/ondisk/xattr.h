/// \file
/// Extended attributes (Linux Documentation/filesystems/ext4, "Extended Attributes").
///
/// A node's attributes lie in the space behind its inode's fields, in a block that inodes with equal attributes share,
/// or, where they are larger than that, each value in an inode of its own (feature ea_inode):
///
///     inode:  magic | entry … | 0000 |      free      | … value | value |
///     block:  header (32 bytes) | entry … | 0000 | free | … value | value |
///
/// An entry's value offset counts from the first entry in an inode and from the start of the block in a block. The
/// entries of a block are sorted by name index, name length and name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ondisk/superblock.h"

namespace fstool::ext4 {

struct XattrEntry {
  std::uint8_t name_length;
  std::uint8_t name_index;  // stands for the name's prefix
  little_uint16_t value_offset;
  little_uint32_t value_inode;  // 0: the value lies at value_offset
  little_uint32_t value_size;
  little_uint32_t hash;
  // The name follows, padded to four bytes.
};
static_assert(sizeof(XattrEntry) == 16);

struct XattrBlockHeader {
  little_uint32_t magic;
  little_uint32_t reference_count;
  little_uint32_t blocks;
  little_uint32_t hash;
  little_uint32_t checksum;
  std::array<little_uint32_t, 3> reserved;
};
static_assert(sizeof(XattrBlockHeader) == 32);

inline constexpr std::uint32_t kXattrMagic = 0xEA020000;

}  // namespace fstool::ext4

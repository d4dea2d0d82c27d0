/// \file
/// The block group descriptor of a 64bit file system (Linux Documentation/filesystems/ext4, "Block Group Descriptors").
#pragma once

#include <cstdint>

#include "ondisk/superblock.h"

namespace fstool::ext4 {

/// struct ext4_group_desc, 64 bytes as with the 64bit feature. Little-endian.
struct GroupDescriptor {
  little_uint32_t block_bitmap_lo;
  little_uint32_t inode_bitmap_lo;
  little_uint32_t inode_table_lo;
  little_uint16_t free_blocks_count_lo;
  little_uint16_t free_inodes_count_lo;
  little_uint16_t used_dirs_count_lo;
  little_uint16_t flags;
  little_uint32_t exclude_bitmap_lo;
  little_uint16_t block_bitmap_checksum_lo;
  little_uint16_t inode_bitmap_checksum_lo;
  little_uint16_t itable_unused_lo;
  little_uint16_t checksum;
  little_uint32_t block_bitmap_hi;
  little_uint32_t inode_bitmap_hi;
  little_uint32_t inode_table_hi;
  little_uint16_t free_blocks_count_hi;
  little_uint16_t free_inodes_count_hi;
  little_uint16_t used_dirs_count_hi;
  little_uint16_t itable_unused_hi;
  little_uint32_t exclude_bitmap_hi;
  little_uint16_t block_bitmap_checksum_hi;
  little_uint16_t inode_bitmap_checksum_hi;
  little_uint32_t reserved;
};
static_assert(sizeof(GroupDescriptor) == 64);

inline std::uint64_t block_bitmap_of(const GroupDescriptor& descriptor) {
  return descriptor.block_bitmap_lo | std::uint64_t{descriptor.block_bitmap_hi} << 32;
}
inline std::uint64_t inode_bitmap_of(const GroupDescriptor& descriptor) {
  return descriptor.inode_bitmap_lo | std::uint64_t{descriptor.inode_bitmap_hi} << 32;
}
inline std::uint64_t inode_table_of(const GroupDescriptor& descriptor) {
  return descriptor.inode_table_lo | std::uint64_t{descriptor.inode_table_hi} << 32;
}

inline constexpr std::uint16_t kGroupInodeUninit = 0x0001;  // inode bitmap and table are not initialised
inline constexpr std::uint16_t kGroupBlockUninit = 0x0002;  // block bitmap is not initialised
inline constexpr std::uint16_t kGroupInodeZeroed = 0x0004;  // the unused part of the inode table is zero

}  // namespace fstool::ext4

/// \file
/// What a check knows about a block group.
#pragma once

#include <cstdint>

namespace fstool::ext4 {

/// What the descriptor of a group says. The places are checked: 0 where the descriptor has none that can be one.
struct GroupState {
  std::uint64_t block_bitmap = 0;
  std::uint64_t inode_bitmap = 0;
  std::uint64_t inode_table = 0;
  std::uint32_t free_clusters = 0;
  std::uint32_t free_inodes = 0;
  std::uint32_t directories = 0;
  std::uint32_t unused_inodes = 0;  ///< at the end of the table
  std::uint32_t block_bitmap_checksum = 0;
  std::uint32_t inode_bitmap_checksum = 0;
  std::uint32_t metadata_clusters = 0;  ///< of the group, that the file system's own structures take
  bool block_uninit = false;            ///< no block bitmap was written: only those structures are in use
  bool inode_uninit = false;            ///< no inode bitmap was written: no inode is in use
  bool known = false;                   ///< the image has the descriptor: there is something to compare
  bool sound = false;                   ///< the descriptor's checksum is right, or it needs none
};

}  // namespace fstool::ext4

/// \file
/// Where a file system's own structures lie (Linux Documentation/filesystems/ext4, "Layout" and "Flexible Block
/// Groups").
///
/// Groups 0, 1 and the powers of 3, 5 and 7 begin with a copy of the superblock, the group descriptors and blocks
/// reserved for more descriptors. The bitmaps and inode tables of each run of groups (a flex group) lie together at its
/// beginning:
///
///     flex group: superblock | descriptors | reserved | block bitmaps | inode bitmaps | inode tables | data …
#pragma once

#include <cstdint>
#include <vector>

#include "write/allocator.h"

namespace fstool::ext4 {

/// The numbers that a file system's layout follows from.
struct GeometryRequest {
  std::uint64_t blocks = 0;         ///< of the whole file system
  std::uint32_t block_size = 4096;  ///< bytes
  std::uint32_t inode_size = 256;   ///< bytes
  std::uint64_t inodes = 0;         ///< at least this many
  std::uint32_t blocks_per_group = 0;
};

struct Geometry {
  std::uint64_t blocks = 0;
  std::uint32_t block_size = 0;
  std::uint32_t inode_size = 0;
  std::uint32_t first_data_block = 0;  ///< block of the superblock: 1 with blocks of 1 KiB, else 0
  std::uint32_t blocks_per_group = 0;
  std::uint32_t groups = 0;
  std::uint32_t inodes_per_group = 0;
  std::uint32_t inode_table_blocks = 0;   ///< in each group
  std::uint32_t descriptor_blocks = 0;    ///< blocks of group descriptors
  std::uint32_t reserved_gdt_blocks = 0;  ///< blocks kept free behind them, to grow into

  /// Inodes of all groups.
  std::uint64_t inodes() const { return std::uint64_t{groups} * inodes_per_group; }
  std::uint64_t group_first_block(std::uint64_t group) const { return first_data_block + group * blocks_per_group; }
  /// Blocks of a group; fewer in the last one.
  std::uint64_t group_blocks(std::uint64_t group) const;
  /// True if the group begins with a copy of the superblock (feature sparse_super).
  bool has_superblock(std::uint64_t group) const;
  /// Blocks that superblock, descriptors and reserved descriptors take in the group; 0 if it has no copy.
  std::uint64_t superblock_area(std::uint64_t group) const;
  /// All blocks that are not for files: what lies before the first group, superblock areas, bitmaps, inode tables.
  std::uint64_t overhead_blocks() const;
  /// Fewest blocks that keep the last group's superblock area whole.
  std::uint64_t min_blocks() const;
};

inline constexpr std::uint32_t kLogGroupsPerFlex = 4;
inline constexpr std::uint32_t kGroupsPerFlex = 1U << kLogGroupsPerFlex;

/// Largest number of inodes in a group: one block of bitmap, and the limit of 16-bit counts.
std::uint32_t max_inodes_per_group(std::uint32_t block_size, std::uint32_t inode_size);

/// Computes the layout. If the last group would be too small for its superblock area, the file system ends before it.
/// `inodes()` of the result is less than asked for if the groups can't hold so many.
Geometry make_geometry(const GeometryRequest& request);

/// The places of bitmaps and inode tables, by group.
struct GroupTables {
  std::vector<std::uint64_t> block_bitmap;
  std::vector<std::uint64_t> inode_bitmap;
  std::vector<std::uint64_t> inode_table;
};

/// Places bitmaps and tables, and returns in `free` what is left. False if they don't fit.
bool place_group_tables(const Geometry& geometry, GroupTables& tables, FreeRuns& free);

}  // namespace fstool::ext4

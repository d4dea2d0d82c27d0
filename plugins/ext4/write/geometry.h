/// \file
/// Where a file system's own structures lie (Linux Documentation/filesystems/ext4, "Layout" and "Flexible Block
/// Groups").
///
/// A group may begin with a copy of the superblock, the group descriptors and blocks reserved for more descriptors:
/// groups 0, 1 and the powers of 3, 5 and 7 (sparse_super), two chosen groups (sparse_super2), or all. With meta_bg
/// each descriptor block lies in the groups that it describes instead. The bitmaps and inode tables of each run of
/// groups (a flex group) lie together at its beginning; without flex_bg each group has its own:
///
///     flex group: superblock | descriptors | reserved | block bitmaps | inode bitmaps | inode tables | data …
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ondisk/superblock_copies.h"
#include "write/allocator.h"
#include "write/profile.h"

namespace fstool::ext4 {

/// What a file system's layout follows from, beside its profile.
struct GeometryRequest {
  std::uint64_t blocks = 0;            ///< of the whole file system
  std::uint64_t inodes = 0;            ///< at least this many
  std::uint32_t blocks_per_group = 0;  ///< a multiple of 8, at most max_blocks_per_group()
};

struct Geometry {
  std::uint64_t blocks = 0;
  std::uint32_t block_size = 0;
  std::uint32_t inode_size = 0;
  std::uint32_t descriptor_size = 0;   ///< bytes
  std::uint32_t first_data_block = 0;  ///< block of the superblock: 1 with blocks of 1 KiB, else 0
  std::uint32_t blocks_per_group = 0;
  std::uint32_t groups = 0;
  std::uint32_t groups_per_flex = 1;
  std::uint32_t inodes_per_group = 0;
  std::uint32_t inode_table_blocks = 0;   ///< in each group
  std::uint32_t descriptor_blocks = 0;    ///< blocks of group descriptors
  std::uint32_t reserved_gdt_blocks = 0;  ///< blocks kept free behind them, to grow into
  Features features;                      ///< which decide where copies of the superblock lie
  BackupGroups backup_groups{};           ///< with sparse_super2: the groups that have a copy; 0: none

  /// Inodes of all groups.
  std::uint64_t inodes() const { return std::uint64_t{groups} * inodes_per_group; }
  std::uint64_t group_first_block(std::uint64_t group) const { return first_data_block + group * blocks_per_group; }
  /// Blocks of a group; fewer in the last one.
  std::uint64_t group_blocks(std::uint64_t group) const;
  /// True if the group begins with a copy of the superblock.
  bool has_superblock(std::uint64_t group) const;
  /// The first of the descriptor blocks that the group has copies of, and their number.
  struct DescriptorBlocks {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  DescriptorBlocks descriptor_blocks_in(std::uint64_t group) const;
  /// Blocks that superblock, descriptors and reserved descriptors take at the beginning of the group.
  std::uint64_t superblock_area(std::uint64_t group) const;
  /// All blocks that are not for files: what lies before the first group, superblock areas, bitmaps, inode tables.
  std::uint64_t overhead_blocks() const;
  /// Blocks that a group has to hold whatever is in it: its superblock area and, without flex_bg, its own tables.
  std::uint64_t own_blocks(std::uint64_t group) const;
  /// Fewest blocks of a file system whose last group is this one: they leave it room for what it has to hold.
  std::uint64_t min_blocks_with(std::uint64_t last_group) const;
  std::uint64_t min_blocks() const { return min_blocks_with(groups - 1); }
  /// False if the copies of superblock and descriptors leave no room in a group, which more blocks can't mend.
  bool groups_are_large_enough() const;
};

/// The most blocks in a group: one block of bitmap, and the limit of 16-bit counts.
std::uint32_t max_blocks_per_group(std::uint32_t block_size);

/// Computes the layout. If the last group would be too small for what it has to hold, the file system ends before it.
/// `inodes()` of the result is less than asked for if the groups can't hold so many.
Geometry make_geometry(const Profile& profile, const GeometryRequest& request);

/// The places of bitmaps and inode tables, by group.
struct GroupTables {
  std::vector<std::uint64_t> block_bitmap;
  std::vector<std::uint64_t> inode_bitmap;
  std::vector<std::uint64_t> inode_table;
};

/// Places bitmaps and tables, and returns in `free` what is left. False if they don't fit.
bool place_group_tables(const Geometry& geometry, GroupTables& tables, FreeRuns& free);

}  // namespace fstool::ext4

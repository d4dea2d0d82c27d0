/// \file
/// What of a file system belongs to its block groups.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_set>
#include <vector>

#include "read/open_volume.h"
#include "usage/block_usage.h"

namespace fstool::ext4 {

/// Says where the superblocks, descriptors, bitmaps and inode tables of the groups are, and which blocks the bitmaps
/// call allocated. Damaged bitmaps are reported.
class GroupUsage {
 public:
  /// Both must outlive this.
  GroupUsage(OpenedVolume& volume, BlockUsage& usage);

  /// Adds all groups that the image has. Gives the numbers of the inodes that are in use to `sees_inode` in ascending
  /// order; null if they are not wanted.
  void add_all(const std::function<void(std::uint32_t inode)>& sees_inode);

 private:
  void add_tables(const GroupDescriptor& descriptor);
  void add_allocated(std::uint64_t group, const GroupDescriptor& descriptor);
  void list_inodes(std::uint64_t group, const GroupDescriptor& descriptor,
                   const std::function<void(std::uint32_t inode)>& sees_inode);
  /// The bits of a bitmap; nothing if there are none, or if they are another bitmap's: groups without end could share
  /// one. `uninit`: the flag of a bitmap that was never written.
  std::vector<std::byte> read_bitmap(std::uint64_t group, const GroupDescriptor& descriptor, std::uint64_t block,
                                     std::uint16_t uninit);

  OpenedVolume& volume_;
  const Layout& layout_;
  BlockUsage& usage_;
  std::unordered_set<std::uint64_t> bitmaps_;  ///< the blocks of those that were read
};

}  // namespace fstool::ext4

/// \file
/// The block group descriptors of an opened file system.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fstool/context.h"
#include "ondisk/group_descriptor.h"
#include "read/block_reader.h"
#include "read/layout.h"

namespace fstool::ext4 {

/// Reads descriptors when they are asked for: what a superblock claims about their number costs no memory. Not
/// thread-safe.
class GroupTable {
 public:
  /// `copy_group`: the block group whose copy of the descriptors is read, 0 for the primary one. `blocks` and `layout`
  /// must outlive this.
  GroupTable(const BlockReader& blocks, const Layout& layout, std::uint64_t copy_group);

  /// First block of the group's inode table. Throws Error(Corrupt) if there is none in the file system.
  std::uint64_t inode_table(std::uint64_t group);

  /// What the descriptors add up to.
  struct FreeSpace {
    std::uint64_t blocks = 0;
    std::uint64_t inodes = 0;
  };
  /// Reads all descriptors, reports those that are damaged, and returns their sum; nothing if some can't be read.
  std::optional<FreeSpace> check(Context& context);

 private:
  GroupDescriptor descriptor_in(std::uint64_t group) const;
  void load(std::uint64_t index);
  std::uint64_t inode_table_of(const GroupDescriptor& descriptor) const;
  bool has_inode_table(const GroupDescriptor& descriptor) const;
  bool has_valid_checksum(std::uint64_t group) const;

  const BlockReader& blocks_;
  const Layout& layout_;
  std::uint64_t copy_group_;
  std::uint64_t loaded_ = UINT64_MAX;  // index of the descriptor block in bytes_
  std::vector<std::byte> bytes_;
};

}  // namespace fstool::ext4

/// \file
/// The block group descriptors of an opened file system.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "fstool/context.h"
#include "ondisk/group_descriptor.h"
#include "read/block_reader.h"
#include "read/layout.h"

namespace fstool::ext4 {

/// A descriptor from the bytes of its place, whose size is layout.descriptor_size; what they don't have is zero.
GroupDescriptor descriptor_from(std::span<const std::byte> raw);

/// True if the checksum of a group's descriptor is right, or it needs none.
bool is_sealed_descriptor(const Layout& layout, std::uint64_t group, std::span<const std::byte> raw);

/// Reads descriptors when they are asked for: what a superblock claims about their number costs no memory. Not
/// thread-safe.
class GroupTable {
 public:
  /// `copy_group`: the block group whose copy of the descriptors is read, 0 for the primary one. `blocks` and `layout`
  /// must outlive this.
  GroupTable(const BlockReader& blocks, const Layout& layout, std::uint64_t copy_group);

  /// True if the block of descriptors that has the group's lies in the file system, and the image stores it.
  bool is_stored(std::uint64_t group) const;
  /// The descriptor of a block group. Throws Error(Corrupt) if the image lacks it.
  GroupDescriptor descriptor(std::uint64_t group);
  /// True if the checksum of the group's descriptor is right, or it needs none. Throws as descriptor().
  bool is_sealed(std::uint64_t group);

  /// Calls `visit(group, descriptor)` for every group whose descriptor the image has, in ascending order, and returns
  /// the first group whose descriptor it lacks. Gives up where so many are missing that they were never there.
  template <class Visit>
  std::optional<std::uint64_t> for_each(Context& context, Visit&& visit) {
    std::optional<std::uint64_t> missing;
    std::uint64_t missing_blocks = 0;
    for (std::uint64_t first = 0; first < layout_.groups && missing_blocks < kMaxMissingBlocks;
         first += layout_.descriptors_per_block()) {
      context.check_cancelled();
      if (!is_stored(first)) {
        if (missing_blocks++ == 0) missing = first;
        continue;
      }
      const std::uint64_t end = std::min(first + layout_.descriptors_per_block(), layout_.groups);
      for (std::uint64_t group = first; group < end; ++group) visit(group, descriptor(group));
    }
    return missing;
  }

  /// First block of the group's inode table. Throws Error(Corrupt) if there is none in the file system.
  std::uint64_t inode_table(std::uint64_t group);

  /// What the descriptors add up to.
  struct FreeSpace {
    std::uint64_t blocks = 0;
    std::uint64_t inodes = 0;
  };
  /// Reads all descriptors, reports those that are damaged, and returns their sum; nothing if some can't be read.
  std::optional<FreeSpace> check(Context& context);

  /// True if the inode table that a descriptor names lies in the file system.
  bool has_inode_table(const GroupDescriptor& descriptor) const;

 private:
  /// So many blocks of descriptors without anything in them are not the work of a file system.
  static constexpr std::uint64_t kMaxMissingBlocks = 1024;

  std::span<const std::byte> raw_in(std::uint64_t group) const;
  GroupDescriptor descriptor_in(std::uint64_t group) const { return descriptor_from(raw_in(group)); }
  void load(std::uint64_t index);

  const BlockReader& blocks_;
  const Layout& layout_;
  std::uint64_t copy_group_;
  std::uint64_t loaded_ = UINT64_MAX;  // index of the descriptor block in bytes_
  std::vector<std::byte> bytes_;
};

}  // namespace fstool::ext4

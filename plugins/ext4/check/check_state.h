/// \file
/// What the steps of a check share.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "check/claimed_blocks.h"
#include "check/group_state.h"
#include "read/volume_state.h"

namespace fstool::ext4 {

/// Numbers that several workers come across, and only the first shall care. Thread-safe.
class SeenNumbers {
 public:
  /// True if `number` was not seen before.
  bool add(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    return numbers_.insert(number).second;
  }

 private:
  std::mutex mutex_;
  std::unordered_set<std::uint64_t> numbers_;
};

struct CheckState {
  CheckState(const VolumeState& its_volume, const Superblock& its_superblock)
      : volume(its_volume), superblock(its_superblock), usage(its_volume.layout) {}

  const VolumeState& volume;
  const Superblock superblock;  ///< as it is after the journal was replayed
  std::vector<GroupState> groups;
  ClaimedBlocks usage;
  /// Files that were deleted while they were open, or were being truncated.
  std::unordered_set<std::uint32_t> orphans;
  SeenNumbers xattr_blocks;
  std::uint64_t copy_group = 0;  ///< the group whose copy of superblock and descriptors is used; 0: the primary one
  bool recovered = false;        ///< the journal was replayed: the counts of the superblock may be behind

  const Layout& layout() const { return volume.layout; }
  Context& context() const { return volume.context; }
  /// The number of clusters that belong to a group.
  std::uint64_t clusters_in_group(std::uint64_t group) const {
    const std::uint64_t first = layout().group_first_block(group);
    const std::uint64_t blocks = std::min<std::uint64_t>(layout().blocks_per_group, layout().blocks - first);
    return (blocks + layout().cluster_ratio - 1) / layout().cluster_ratio;
  }
};

}  // namespace fstool::ext4

/// \file
/// Which blocks somebody uses, and which of them more than one does.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>

#include "check/sparse_bitmap.h"
#include "read/layout.h"

namespace fstool::ext4 {

/// The clusters of a file system: blocks, without bigalloc. Counts them from the first block of group 0, so that those
/// of a group are a group's worth of bits. Thread-safe.
class ClaimedBlocks {
 public:
  explicit ClaimedBlocks(const Layout& layout) : layout_(layout) {}

  /// The cluster that `block`, which must lie in the file system and not before its first block group, belongs to.
  std::uint64_t cluster_of(std::uint64_t block) const {
    return (block - layout_.first_data_block) / layout_.cluster_ratio;
  }
  std::uint64_t first_block_of(std::uint64_t cluster) const {
    return cluster * layout_.cluster_ratio + layout_.first_data_block;
  }

  /// Takes clusters. False if one of them was taken already: those are shared now.
  bool claim(std::uint64_t first_cluster, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    bool free = true;
    used_.set(first_cluster, count, [&](std::uint64_t first, std::uint64_t taken) {
      shared_.set(first, taken);
      free = false;
    });
    return free;
  }
  /// Takes clusters that may be taken already, without a claim to have them alone.
  void add(std::uint64_t first_cluster, std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    used_.set(first_cluster, count);
  }

  bool has_shared() const {
    const std::lock_guard lock(mutex_);
    return !shared_.empty();
  }
  /// True if one of these clusters was claimed twice.
  bool any_shared(std::uint64_t first_cluster, std::uint64_t count) const {
    const std::lock_guard lock(mutex_);
    return shared_.any(first_cluster, count);
  }
  /// Which of these clusters were claimed twice.
  SparseBitmap::Found find_shared(std::uint64_t first_cluster, std::uint64_t count) const {
    const std::lock_guard lock(mutex_);
    return shared_.find(first_cluster, count);
  }
  /// The bitmap that the clusters from `first_cluster` (a multiple of 8) on should have.
  void copy_bitmap(std::uint64_t first_cluster, std::span<std::byte> out) const {
    const std::lock_guard lock(mutex_);
    used_.copy(first_cluster, out);
  }

 private:
  const Layout& layout_;
  mutable std::mutex mutex_;
  SparseBitmap used_;
  SparseBitmap shared_;
};

}  // namespace fstool::ext4

/// \file
/// Uses of blocks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "fstool/usage.h"
#include "read/layout.h"

namespace fstool::ext4 {

/// A UsageBuilder that is told about blocks. Those that lie outside of the file system are left out.
class BlockUsage {
 public:
  BlockUsage(const Layout& layout, std::size_t largest_files)
      : block_size_(layout.block_size), blocks_(layout.blocks), builder_(blocks_ * block_size_, largest_files) {}

  void add(std::uint64_t first, std::uint64_t count, Use use) {
    if (first < blocks_) builder_.add(bytes(first, std::min(count, blocks_ - first)), use);
  }
  void add_allocated(std::uint64_t first, std::uint64_t count) {
    if (first < blocks_) builder_.add_allocated(bytes(first, std::min(count, blocks_ - first)));
  }
  void add_file(FileRanges file) { builder_.add_file(std::move(file)); }

  /// The bytes of `count` blocks of the file system.
  ByteRange bytes(std::uint64_t first, std::uint64_t count) const { return {first * block_size_, count * block_size_}; }

  std::uint64_t finish(VolumeUsage& usage) { return builder_.finish(usage); }

 private:
  std::uint64_t block_size_;
  std::uint64_t blocks_;
  UsageBuilder builder_;
};

/// With bigalloc, space is given away in clusters: what a cluster has beside the blocks that are in use is taken with
/// them. Changes Unaccounted to the use of the neighbour in the same cluster.
void give_clusters_to_their_users(std::vector<UsedRange>& ranges, std::uint64_t cluster_bytes);

}  // namespace fstool::ext4

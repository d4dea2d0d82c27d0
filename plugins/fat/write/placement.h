/// \file
/// Placement: which clusters hold what. Everything lies in one piece: the directories first, then the files.
#pragma once

#include <cstdint>
#include <vector>

#include "ondisk/geometry.h"
#include "write/contents.h"

namespace fstool::fat {

/// Immutable.
class Placement {
 public:
  /// The contents must fit.
  Placement(const Contents& contents, const Geometry& geometry);

  /// The first cluster of a node; 0 for empty files, and for the root directory of FAT12 and FAT16.
  std::uint32_t first_cluster(NodeId node) const { return first_cluster_[node]; }
  /// One more than the last cluster in use.
  std::uint32_t end_of_used() const { return end_; }

  /// Fills `entries` with the FAT's entries from `first` on, but for those of the first two, which belong to no
  /// cluster.
  void fill_entries(std::uint32_t first, std::span<std::uint32_t> entries, std::uint32_t end_mark) const;

 private:
  void place(NodeId node, std::uint64_t bytes, std::uint64_t cluster_size);

  std::vector<std::uint32_t> first_cluster_;  // by node
  std::vector<std::uint32_t> chains_;         // the first cluster of each, ascending
  std::uint32_t end_ = kFirstCluster;
};

}  // namespace fstool::fat

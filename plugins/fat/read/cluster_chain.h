/// \file
/// Chains of clusters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "read/fat_table.h"

namespace fstool::fat {

/// Clusters that lie one behind the other.
struct ClusterRun {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

struct ClusterChain {
  std::vector<ClusterRun> runs;
  std::uint64_t clusters = 0;
  std::string damage;  ///< why it ends before its end mark and before the limit; empty: it doesn't
};

/// The chain that begins at `first`, or its first `limit` clusters. Ends where it is damaged; a chain that comes back
/// to itself ends before it has gone round twice. Throws Error(Corrupt/Io) if the FAT can't be read.
ClusterChain read_chain(const FatTable& fat, const Geometry& geometry, std::uint32_t first, std::uint64_t limit);

}  // namespace fstool::fat

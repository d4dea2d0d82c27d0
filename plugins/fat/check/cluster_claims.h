/// \file
/// Which clusters belong to a file or directory that was checked.
#pragma once

#include <cstdint>
#include <vector>

#include "fstool/blob.h"
#include "read/cluster_chain.h"
#include "read/volume_state.h"

namespace fstool::fat {

/// Follows chains so that each cluster is gone through once at most. Not thread-safe.
class ClusterClaims {
 public:
  explicit ClusterClaims(const VolumeState& volume);

  /// The chain that begins at `first`, which belongs to its file from now on. It ends where it is damaged, or runs into
  /// clusters that belong to something. Throws Error(Corrupt/Io) if the FAT can't be read.
  ClusterChain claim(std::uint32_t first);

  struct Rest {
    std::uint32_t free = 0;
    std::uint32_t lost = 0;  ///< in use, but by nothing
    std::uint32_t first_lost = 0;
  };
  /// What all clusters are that belong to nothing. Those behind the end of the image are not looked at.
  Rest count_rest() const;

 private:
  const VolumeState& volume_;
  std::uint32_t end_;           // one more than the last cluster that the image has something of
  std::vector<bool> is_taken_;  // by cluster
};

}  // namespace fstool::fat

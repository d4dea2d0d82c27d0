/// \file
/// ClusterIndex: finds the cluster that was stored with the same content before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "write/cluster_key.h"

namespace fstool::qcow2 {

/// A guest cluster that was stored.
struct KnownCluster {
  std::uint64_t guest_cluster = 0;
  std::uint64_t l2_entry = 0;  ///< its cluster word; never 0
};

/// Remembers up to kMaxKnownClusters clusters, the first ones, in a hash table with linear probing. Not thread-safe.
class ClusterIndex {
 public:
  /// Of 64 KiB each they are 48 GiB of different clusters, and take 40 MiB here.
  static constexpr std::size_t kMaxKnownClusters = std::size_t{3} << 18U;

  ClusterIndex();

  /// Null if there is none. The pointer holds until the next put().
  const KnownCluster* find(const ClusterKey& key) const;

  /// Remembers `cluster` under `key`, in place of the one that was there. A new key is passed over once the index is
  /// full.
  void put(const ClusterKey& key, const KnownCluster& cluster);

 private:
  struct Slot {
    ClusterKey key{};
    KnownCluster cluster;
    bool used() const noexcept { return cluster.l2_entry != 0; }
  };

  /// The slot of `key`, or the free one where it would be.
  std::size_t place_of(const ClusterKey& key) const;
  void grow();

  std::vector<Slot> slots_;  ///< a power of two, at most three quarters of them used
  std::size_t used_ = 0;
};

}  // namespace fstool::qcow2

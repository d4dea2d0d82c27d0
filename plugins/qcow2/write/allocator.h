/// \file
/// ClusterAllocator: hands out host clusters and counts the references to them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ondisk/geometry.h"

namespace fstool::qcow2 {

/// Gives out the file from front to back. Cluster 0, which has the header, is taken from the start. Keeps 2 bytes for
/// each host cluster. Not thread-safe.
class ClusterAllocator {
 public:
  explicit ClusterAllocator(Geometry geometry);

  /// `clusters` host clusters in a row, each with one reference; returns the offset of the first in bytes. Throws
  /// Error(Unsupported) if the file would become larger than the format can address.
  std::uint64_t allocate(std::uint64_t clusters);

  /// Room for a compressed cluster of `bytes` bytes (1 to the cluster size), directly after the one before where that
  /// is possible. Each host cluster that it touches gains a reference. Throws like allocate().
  std::uint64_t allocate_compressed(std::uint64_t bytes);

  /// Host clusters given out so far, the header's included.
  std::uint64_t clusters() const noexcept { return refcounts_.size(); }
  /// Bytes that they take: where the next cluster begins.
  std::uint64_t end() const noexcept { return clusters() << geometry_.cluster_bits(); }

  /// The number of references to each host cluster.
  std::span<const std::uint16_t> refcounts() const noexcept { return refcounts_; }

 private:
  bool fits_after_the_last_compressed(std::uint64_t bytes) const;

  Geometry geometry_;
  std::vector<std::uint16_t> refcounts_;
  std::uint64_t compressed_end_ = 0;  ///< end of the last compressed cluster in bytes; 0 before the first
};

}  // namespace fstool::qcow2

#include "write/allocator.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::qcow2 {
namespace {

constexpr std::uint16_t kMaxRefcount = std::numeric_limits<std::uint16_t>::max();
constexpr unsigned kStandardOffsetBits = 56;

/// Offsets of compressed clusters have fewer bits the larger the clusters are.
std::uint64_t addressable_bytes(Geometry geometry) {
  return std::uint64_t{1} << std::min(kStandardOffsetBits, geometry.compressed_offset_bits());
}

/// Host clusters whose refcounts fit the largest refcount table.
std::uint64_t countable_clusters(Geometry geometry) {
  return kMaxRefcountTableBytes / sizeof(std::uint64_t) * geometry.refcounts_per_block();
}

}  // namespace

ClusterAllocator::ClusterAllocator(Geometry geometry) : geometry_(geometry), refcounts_(1, 1) {}

std::uint64_t ClusterAllocator::allocate(std::uint64_t clusters) {
  const std::uint64_t limit =
      std::min(countable_clusters(geometry_), addressable_bytes(geometry_) >> geometry_.cluster_bits());
  if (clusters > limit - this->clusters()) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("a qcow2 image with clusters of {} ends at {}, and this one needs more; choose another "
                            "cluster_size",
                            format_size(geometry_.cluster_size()), format_size(limit << geometry_.cluster_bits())));
  }
  const std::uint64_t offset = end();
  refcounts_.resize(refcounts_.size() + clusters, 1);
  return offset;
}

std::uint64_t ClusterAllocator::allocate_compressed(std::uint64_t bytes) {
  if (!fits_after_the_last_compressed(bytes)) compressed_end_ = end();

  const std::uint64_t offset = compressed_end_;
  const std::uint64_t first = offset >> geometry_.cluster_bits();
  const std::uint64_t last = (offset + bytes - 1) >> geometry_.cluster_bits();
  // Clusters that exist already gain a reference; a new one comes with its first.
  for (std::uint64_t cluster = first; cluster <= last; ++cluster) {
    if (cluster < clusters())
      ++refcounts_[cluster];
    else
      allocate(1);
  }
  compressed_end_ = offset + bytes;
  return offset;
}

bool ClusterAllocator::fits_after_the_last_compressed(std::uint64_t bytes) const {
  const std::uint64_t cluster_end = round_up(compressed_end_, geometry_.cluster_size());
  if (compressed_end_ == cluster_end) return false;  // no cluster is open
  if (refcounts_[compressed_end_ >> geometry_.cluster_bits()] == kMaxRefcount) return false;
  return compressed_end_ + bytes <= cluster_end || cluster_end == end();
}

}  // namespace fstool::qcow2

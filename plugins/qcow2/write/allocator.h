/// \file
/// ClusterAllocator: hands out host clusters, and counts and writes the references to them.
#pragma once

#include <cstdint>
#include <vector>

#include "fstool/output_file.h"
#include "ondisk/geometry.h"
#include "ondisk/refcount.h"

namespace fstool::qcow2 {

/// Bytes of the file that references are counted for, in whole clusters.
struct HostRun {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  ///< at least 1
};

/// Where the refcount table is.
struct RefcountTable {
  std::uint64_t offset = 0;    ///< bytes
  std::uint32_t clusters = 0;  ///< at least 1
};

/// Whether clusters that were given out can gain references later on.
enum class Sharing : std::uint8_t { None, Any };

/// Gives out the file from front to back. Cluster 0, which has the header, is taken from the start. Keeps 4 bytes for
/// each host cluster that may still gain references, and for up to half a million others (or one refcount block):
/// refcounts that are settled are written amid the data. Not thread-safe.
class ClusterAllocator {
 public:
  /// `output` must outlive the allocator.
  ClusterAllocator(Geometry geometry, OutputFile& output, Sharing sharing = Sharing::None);

  /// `clusters` host clusters in a row, each with one reference; returns the offset of the first in bytes. Throws
  /// Error(Unsupported) if the file would become larger than the format can address.
  std::uint64_t allocate(std::uint64_t clusters);

  /// Room for a compressed cluster of `bytes` bytes (1 to the cluster size), directly after the one before where that
  /// is possible. Each host cluster that it touches gains a reference. Throws like allocate().
  std::uint64_t allocate_compressed(std::uint64_t bytes);

  /// What allocate_compressed() gives out next begins at a multiple of kHostBlockBytes. Only for clusters that are one.
  void align_compressed();

  /// One more reference to each host cluster of `run`, which was given out; false, and nothing changes, if one of them
  /// has as many as a refcount holds. Only for Sharing::Any.
  bool add_reference(const HostRun& run);

  /// Host clusters given out so far, the header's included.
  std::uint64_t clusters() const noexcept { return clusters_; }
  /// Bytes that they take: where the next cluster begins.
  std::uint64_t end() const noexcept { return clusters() << geometry_.cluster_bits(); }

  /// The number of references to a host cluster that is not settled.
  std::uint64_t refcount(std::uint64_t cluster) const { return refcounts_[cluster - settled_clusters()]; }

  /// Writes the refcounts that don't change any more, if they are many. Call it now and then.
  void write_settled();

  /// Writes all refcounts that aren't written, those of the refcount structures included, and the refcount table. Call
  /// it once, last: nothing may be allocated afterwards.
  RefcountTable finish();

 private:
  std::uint64_t settled_clusters() const noexcept { return table_.size() * geometry_.refcounts_per_block(); }
  bool fits_after_the_last_compressed(std::uint64_t bytes) const;
  /// Writes the refcounts of the first clusters that aren't settled, which settles them, to `blocks` blocks at
  /// `offset`.
  void write_blocks(std::uint64_t offset, std::uint64_t blocks);

  Geometry geometry_;
  OutputFile& output_;
  Sharing sharing_;
  std::uint64_t max_refcount_;
  std::uint64_t clusters_ = 1;
  std::vector<RefcountTableEntry> table_;  ///< of the blocks that are written
  std::vector<std::uint32_t> refcounts_;   ///< of the clusters behind those
  std::uint64_t compressed_end_ = 0;       ///< end of the last compressed cluster in bytes; 0: none is open
};

/// Clusters that refcounts take.
struct RefcountSize {
  std::uint64_t block_clusters = 0;
  std::uint64_t table_clusters = 0;
};

/// The smallest refcount structures that count `used_clusters` host clusters (at least 1) and themselves; the first
/// `written_blocks` blocks are among the used clusters and not counted in the result.
RefcountSize refcount_size(Geometry geometry, std::uint64_t used_clusters, std::uint64_t written_blocks);

}  // namespace fstool::qcow2

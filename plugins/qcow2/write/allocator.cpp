#include "write/allocator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::qcow2 {
namespace {

constexpr unsigned kStandardOffsetBits = 56;

/// Refcounts that are written together, unless a block has more: what an image has fewer of lies behind its data.
constexpr std::uint64_t kRefcountsAtATime = 512 * 1024;

/// Offsets of compressed clusters have fewer bits the larger the clusters are.
std::uint64_t addressable_bytes(Geometry geometry) {
  return std::uint64_t{1} << std::min(kStandardOffsetBits, geometry.compressed_offset_bits());
}

/// Host clusters whose refcounts fit the largest refcount table.
std::uint64_t countable_clusters(Geometry geometry) {
  return kMaxRefcountTableBytes / sizeof(std::uint64_t) * geometry.refcounts_per_block();
}

std::uint64_t max_refcount(Geometry geometry) {
  constexpr std::uint64_t kMaxKept = std::numeric_limits<std::uint32_t>::max();
  const unsigned bits = 1U << geometry.refcount_order();
  return bits >= 32 ? kMaxKept : (std::uint64_t{1} << bits) - 1;
}

}  // namespace

ClusterAllocator::ClusterAllocator(Geometry geometry, OutputFile& output, Sharing sharing)
    : geometry_(geometry),
      output_(output),
      sharing_(sharing),
      max_refcount_(max_refcount(geometry)),
      refcounts_(1, 1) {}

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
  clusters_ += clusters;
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
      ++refcounts_[cluster - settled_clusters()];
    else
      allocate(1);
  }
  compressed_end_ = offset + bytes;
  return offset;
}

void ClusterAllocator::align_compressed() { compressed_end_ = round_up(compressed_end_, kHostBlockBytes); }

bool ClusterAllocator::fits_after_the_last_compressed(std::uint64_t bytes) const {
  const std::uint64_t cluster_end = round_up(compressed_end_, geometry_.cluster_size());
  if (compressed_end_ == cluster_end) return false;  // no cluster is open
  if (refcount(compressed_end_ >> geometry_.cluster_bits()) == max_refcount_) return false;
  return compressed_end_ + bytes <= cluster_end || cluster_end == end();
}

bool ClusterAllocator::add_reference(const HostRun& run) {
  const std::uint64_t first = (run.offset >> geometry_.cluster_bits()) - settled_clusters();
  const std::uint64_t last = ((run.offset + run.bytes - 1) >> geometry_.cluster_bits()) - settled_clusters();
  const auto touched = std::span(refcounts_).subspan(first, last - first + 1);
  if (std::ranges::any_of(touched, [&](std::uint32_t refcount) { return refcount == max_refcount_; })) return false;
  for (std::uint32_t& refcount : touched) ++refcount;
  return true;
}

void ClusterAllocator::write_settled() {
  if (sharing_ == Sharing::Any) return;
  const std::uint64_t blocks = refcounts_.size() / geometry_.refcounts_per_block();
  if (blocks * geometry_.refcounts_per_block() < kRefcountsAtATime) return;
  // A cluster that is open to compressed ones is settled too, unless it lies behind these blocks.
  const std::uint64_t end_of_blocks = (settled_clusters() + blocks * geometry_.refcounts_per_block())
                                      << geometry_.cluster_bits();
  if (compressed_end_ < end_of_blocks) compressed_end_ = 0;
  write_blocks(allocate(blocks), blocks);
}

void ClusterAllocator::write_blocks(std::uint64_t offset, std::uint64_t blocks) {
  const std::uint64_t per_block = geometry_.refcounts_per_block();
  const std::uint64_t counted = std::min<std::uint64_t>(blocks * per_block, refcounts_.size());
  std::vector<std::byte> block(geometry_.cluster_size());
  for (std::uint64_t begin = 0, place = offset; begin < counted; begin += per_block) {
    std::ranges::fill(block, std::byte{0});
    const std::uint64_t count = std::min(per_block, counted - begin);
    for (std::uint64_t i = 0; i < count; ++i)
      store_refcount(block, i, geometry_.refcount_order(), refcounts_[begin + i]);
    output_.write_at(place, block);
    table_.emplace_back(place);
    place += geometry_.cluster_size();
  }
  refcounts_.erase(refcounts_.begin(), refcounts_.begin() + static_cast<std::ptrdiff_t>(counted));
}

RefcountTable ClusterAllocator::finish() {
  const RefcountSize size = refcount_size(geometry_, clusters(), table_.size());
  const std::uint64_t blocks_offset = allocate(size.block_clusters);
  const std::uint64_t table_offset = allocate(size.table_clusters);
  write_blocks(blocks_offset, size.block_clusters);
  output_.write_at(table_offset, std::as_bytes(std::span(table_)));
  return {table_offset, static_cast<std::uint32_t>(size.table_clusters)};
}

RefcountSize refcount_size(Geometry geometry, std::uint64_t used_clusters, std::uint64_t written_blocks) {
  // Both numbers only grow from round to round, and more clusters need ever fewer blocks: this ends at the smallest
  // solution.
  RefcountSize size;
  for (;;) {
    RefcountSize next;
    const std::uint64_t blocks =
        div_ceil(used_clusters + size.block_clusters + size.table_clusters, geometry.refcounts_per_block());
    next.block_clusters = blocks - written_blocks;
    next.table_clusters = div_ceil(blocks * sizeof(RefcountTableEntry), geometry.cluster_size());
    if (next.block_clusters == size.block_clusters && next.table_clusters == size.table_clusters) return size;
    size = next;
  }
}

}  // namespace fstool::qcow2

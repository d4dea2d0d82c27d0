#include "write/refcounts.h"

#include <algorithm>
#include <span>
#include <vector>

#include "fstool/size.h"
#include "ondisk/refcount.h"

namespace fstool::qcow2 {
namespace {

/// Refcounts that are turned into big-endian numbers at a time.
constexpr std::size_t kRefcountsAtATime = 512 * 1024;

void write_blocks(std::uint64_t offset, std::span<const std::uint16_t> refcounts, OutputFile& output) {
  std::vector<Refcount> buffer;
  while (!refcounts.empty()) {
    const auto part = refcounts.first(std::min(kRefcountsAtATime, refcounts.size()));
    buffer.assign(part.begin(), part.end());
    output.write_at(offset, std::as_bytes(std::span(buffer)));
    offset += part.size() * sizeof(Refcount);
    refcounts = refcounts.subspan(part.size());
  }
}

}  // namespace

RefcountSize refcount_size(Geometry geometry, std::uint64_t used_clusters) {
  // Both numbers only grow from round to round, and more clusters need ever fewer blocks: this ends at the smallest
  // solution.
  RefcountSize size;
  for (;;) {
    RefcountSize next;
    next.block_clusters =
        div_ceil(used_clusters + size.block_clusters + size.table_clusters, geometry.refcounts_per_block());
    next.table_clusters = div_ceil(next.block_clusters * sizeof(RefcountTableEntry), geometry.cluster_size());
    if (next.block_clusters == size.block_clusters && next.table_clusters == size.table_clusters) return size;
    size = next;
  }
}

RefcountTable write_refcounts(Geometry geometry, ClusterAllocator& allocator, OutputFile& output) {
  const RefcountSize size = refcount_size(geometry, allocator.clusters());
  const std::uint64_t blocks_offset = allocator.allocate(size.block_clusters);
  const std::uint64_t table_offset = allocator.allocate(size.table_clusters);

  write_blocks(blocks_offset, allocator.refcounts(), output);

  std::vector<RefcountTableEntry> table(size.block_clusters);
  for (std::uint64_t block = 0; block < size.block_clusters; ++block) {
    table[block] = blocks_offset + block * geometry.cluster_size();
  }
  output.write_at(table_offset, std::as_bytes(std::span(table)));
  return {table_offset, static_cast<std::uint32_t>(size.table_clusters)};
}

}  // namespace fstool::qcow2

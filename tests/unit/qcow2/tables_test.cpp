#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "fstool/error.h"
#include "fstool/size.h"
#include "write/allocator.h"
#include "write/mapping.h"
#include "write/refcounts.h"

namespace fstool::qcow2 {
namespace {

TEST(RefcountSizeTest, CountsItselfWithNothingToSpare) {
  for (unsigned bits = kMinClusterBits; bits <= 12; ++bits) {
    const Geometry geometry(bits);
    for (std::uint64_t used = 1; used < 70000; used += 1 + used / 50) {
      const RefcountSize size = refcount_size(geometry, used);
      const std::uint64_t all = used + size.block_clusters + size.table_clusters;
      EXPECT_EQ(size.block_clusters, div_ceil(all, geometry.refcounts_per_block())) << bits << ' ' << used;
      EXPECT_EQ(size.table_clusters, div_ceil(size.block_clusters * 8, geometry.cluster_size())) << bits << ' ' << used;
    }
  }
}

TEST(CompressedClusterTest, CountsTheSectorsBeyondTheFirst) {
  const Geometry geometry(16);  // 64 KiB: bits 0 to 53 are the offset
  const auto sectors = [&](std::uint64_t offset, std::uint64_t bytes) {
    const std::uint64_t entry = compressed_cluster(geometry, offset, bytes);
    EXPECT_EQ(entry >> 62U, 1U);
    EXPECT_EQ(entry & ((1ULL << 54U) - 1), offset);
    return (entry >> 54U) & 0xffU;
  };
  EXPECT_EQ(sectors(0x10000, 1), 0U);
  EXPECT_EQ(sectors(0x10000, 512), 0U);
  EXPECT_EQ(sectors(0x10000, 513), 1U);
  EXPECT_EQ(sectors(0x101ff, 1), 0U);
  EXPECT_EQ(sectors(0x101ff, 2), 1U);
  EXPECT_EQ(sectors(0x101ff, 65535), 128U);
}

TEST(ClusterAllocatorTest, PacksCompressedClustersAndCountsEachHostClusterTheyTouch) {
  ClusterAllocator allocator{Geometry(9)};
  EXPECT_EQ(allocator.allocate_compressed(500), 512U);
  EXPECT_EQ(allocator.allocate_compressed(12), 1012U);   // fills cluster 1 exactly
  EXPECT_EQ(allocator.allocate_compressed(500), 1024U);  // cluster 2
  EXPECT_EQ(allocator.allocate_compressed(100), 1524U);  // clusters 2 and 3
  EXPECT_EQ(std::vector(allocator.refcounts().begin(), allocator.refcounts().end()),
            (std::vector<std::uint16_t>{1, 2, 2, 1}));
}

TEST(ClusterAllocatorTest, FillsAnOpenClusterBehindWhichOthersFollow) {
  ClusterAllocator allocator{Geometry(9)};
  EXPECT_EQ(allocator.allocate_compressed(100), 512U);
  EXPECT_EQ(allocator.allocate(3), 1024U);
  EXPECT_EQ(allocator.allocate_compressed(412), 612U);
  EXPECT_EQ(allocator.allocate_compressed(1), 2560U);  // cluster 1 is full
  EXPECT_EQ(allocator.allocate(1), 3072U);
  EXPECT_EQ(allocator.allocate_compressed(512), 3584U);  // does not fit the rest of cluster 5
  EXPECT_EQ(std::vector(allocator.refcounts().begin(), allocator.refcounts().end()),
            (std::vector<std::uint16_t>{1, 2, 1, 1, 1, 1, 1, 1}));
}

TEST(ClusterAllocatorTest, NoHostClusterHasMoreReferencesThanARefcountHolds) {
  ClusterAllocator allocator{Geometry(kMaxClusterBits)};
  for (int i = 0; i < 65535; ++i) allocator.allocate_compressed(1);
  EXPECT_EQ(allocator.allocate_compressed(1), 2 * Geometry(kMaxClusterBits).cluster_size());
  EXPECT_EQ(allocator.refcounts()[1], 65535U);
  EXPECT_EQ(allocator.refcounts()[2], 1U);
}

TEST(ClusterAllocatorTest, EndsWhereTheRefcountTableDoes) {
  ClusterAllocator allocator{Geometry(9)};
  // 8 MiB of table, 64 entries a sector, 256 refcounts a block: 2^28 clusters, one of which is the header's.
  EXPECT_THROW(allocator.allocate(1ULL << 28U), Error);
  EXPECT_THROW(allocator.allocate(~0ULL), Error);
  EXPECT_EQ(allocator.allocate(1), 512U);
}

}  // namespace
}  // namespace fstool::qcow2

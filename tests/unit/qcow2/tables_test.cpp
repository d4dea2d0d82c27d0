#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fstool/error.h"
#include "fstool/output_file.h"
#include "fstool/size.h"
#include "ondisk/refcount.h"
#include "qcow2_fixture.h"
#include "run_tool.h"
#include "write/allocator.h"
#include "write/cluster_index.h"
#include "write/header_area.h"
#include "write/mapping.h"

namespace fstool::qcow2 {
namespace {

TEST(RefcountTest, EveryWidthIsReadAsItWasStored) {
  for (unsigned order = 0; order <= kMaxRefcountOrder; ++order) {
    const std::uint64_t largest =
        order == kMaxRefcountOrder ? ~std::uint64_t{0} : (std::uint64_t{1} << (1U << order)) - 1;
    std::vector<std::byte> block(64);
    const std::size_t count = block.size() * 8 >> order;
    for (std::size_t i = 0; i < count; ++i) store_refcount(block, i, order, i % 3 == 0 ? largest : i & largest);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(load_refcount(block, i, order), i % 3 == 0 ? largest : i & largest) << order << ' ' << i;
    }
  }
}

TEST(RefcountSizeTest, CountsItselfWithNothingToSpare) {
  for (unsigned bits = kMinClusterBits; bits <= 12; ++bits) {
    for (unsigned order = 0; order <= kMaxRefcountOrder; order += 2) {
      const Geometry geometry(bits, order);
      for (std::uint64_t used = 1; used < 70000; used += 1 + used / 20) {
        for (const std::uint64_t written : {std::uint64_t{0}, used / geometry.refcounts_per_block()}) {
          const RefcountSize size = refcount_size(geometry, used, written);
          const std::uint64_t all = used + size.block_clusters + size.table_clusters;
          const std::uint64_t blocks = written + size.block_clusters;
          EXPECT_EQ(blocks, div_ceil(all, geometry.refcounts_per_block())) << bits << ' ' << used;
          EXPECT_EQ(size.table_clusters, div_ceil(blocks * 8, geometry.cluster_size())) << bits << ' ' << used;
        }
      }
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

class AllocatorTest : public testing::Test {
 protected:
  static std::vector<std::uint64_t> refcounts(const ClusterAllocator& allocator, std::uint64_t first = 0) {
    std::vector<std::uint64_t> result;
    for (std::uint64_t i = first; i < allocator.clusters(); ++i) result.push_back(allocator.refcount(i));
    return result;
  }

  fstool::test::TemporaryDirectory directory_;
  OutputFile output_{directory_.path() / "image"};
};
using Refcounts = std::vector<std::uint64_t>;

TEST_F(AllocatorTest, PacksCompressedClustersAndCountsEachHostClusterTheyTouch) {
  ClusterAllocator allocator(Geometry(9), output_);
  EXPECT_EQ(allocator.allocate_compressed(500), 512U);
  EXPECT_EQ(allocator.allocate_compressed(12), 1012U);   // fills cluster 1 exactly
  EXPECT_EQ(allocator.allocate_compressed(500), 1024U);  // cluster 2
  EXPECT_EQ(allocator.allocate_compressed(100), 1524U);  // clusters 2 and 3
  EXPECT_EQ(refcounts(allocator), (Refcounts{1, 2, 2, 1}));
}

TEST_F(AllocatorTest, FillsAnOpenClusterBehindWhichOthersFollow) {
  ClusterAllocator allocator(Geometry(9), output_);
  EXPECT_EQ(allocator.allocate_compressed(100), 512U);
  EXPECT_EQ(allocator.allocate(3), 1024U);
  EXPECT_EQ(allocator.allocate_compressed(412), 612U);
  EXPECT_EQ(allocator.allocate_compressed(1), 2560U);  // cluster 1 is full
  EXPECT_EQ(allocator.allocate(1), 3072U);
  EXPECT_EQ(allocator.allocate_compressed(512), 3584U);  // does not fit the rest of cluster 5
  EXPECT_EQ(refcounts(allocator), (Refcounts{1, 2, 1, 1, 1, 1, 1, 1}));
}

TEST_F(AllocatorTest, NoHostClusterHasMoreReferencesThanARefcountHolds) {
  ClusterAllocator allocator(Geometry(kMaxClusterBits), output_);
  for (int i = 0; i < 65535; ++i) allocator.allocate_compressed(1);
  EXPECT_EQ(allocator.allocate_compressed(1), 2 * Geometry(kMaxClusterBits).cluster_size());
  EXPECT_EQ(allocator.refcount(1), 65535U);
  EXPECT_EQ(allocator.refcount(2), 1U);
}

TEST_F(AllocatorTest, RefcountsOfOneBitLeaveEachCompressedClusterAlone) {
  ClusterAllocator allocator(Geometry(9, 0), output_);
  EXPECT_EQ(allocator.allocate_compressed(10), 512U);
  EXPECT_EQ(allocator.allocate_compressed(10), 1024U);
  EXPECT_EQ(refcounts(allocator), (Refcounts{1, 1, 1}));
}

TEST_F(AllocatorTest, AddsReferencesToAllHostClustersOrToNone) {
  ClusterAllocator allocator(Geometry(9, 1), output_, Sharing::Any);
  const std::uint64_t run = allocator.allocate(3);
  EXPECT_TRUE(allocator.add_reference({run + 100, 512}));
  EXPECT_EQ(refcounts(allocator), (Refcounts{1, 2, 2, 1}));
  EXPECT_TRUE(allocator.add_reference({run + 512, 1}));
  EXPECT_EQ(refcounts(allocator), (Refcounts{1, 2, 3, 1}));
  EXPECT_FALSE(allocator.add_reference({run + 1000, 100}));  // 3 is the most that 2 bits hold
  EXPECT_EQ(refcounts(allocator), (Refcounts{1, 2, 3, 1}));
}

TEST_F(AllocatorTest, EndsWhereTheRefcountTableDoes) {
  ClusterAllocator allocator(Geometry(9), output_);
  // 8 MiB of table, 64 entries a sector, 256 refcounts a block: 2^28 clusters, one of which is the header's.
  EXPECT_THROW(allocator.allocate(1ULL << 28U), Error);
  EXPECT_THROW(allocator.allocate(~0ULL), Error);
  EXPECT_EQ(allocator.allocate(1), 512U);
}

/// The refcounts that an image's table leads to, up to the last that is not 0.
std::vector<std::uint64_t> stored_refcounts(const std::vector<std::byte>& image, const RefcountTable& table,
                                            Geometry geometry) {
  std::vector<std::uint64_t> result;
  const auto* const entries = reinterpret_cast<const RefcountTableEntry*>(image.data() + table.offset);
  const std::size_t count = table.clusters * geometry.cluster_size() / sizeof(RefcountTableEntry);
  for (const RefcountTableEntry& entry : std::span(entries, count)) {
    if (entry == 0) break;
    const auto block = std::span(image).subspan(entry, geometry.cluster_size());
    for (std::size_t i = 0; i < geometry.refcounts_per_block(); ++i) {
      result.push_back(load_refcount(block, i, geometry.refcount_order()));
    }
  }
  while (!result.empty() && result.back() == 0) result.pop_back();
  return result;
}

TEST_F(AllocatorTest, SettledRefcountsAreWrittenAmidTheData) {
  const Geometry geometry(9);
  ClusterAllocator allocator(geometry, output_);
  for (int i = 0; i < 12; ++i) {
    allocator.allocate(50'000);
    allocator.allocate_compressed(100);
    allocator.allocate_compressed(100);
    allocator.write_settled();
  }
  const std::uint64_t before = allocator.clusters();
  const RefcountTable table = allocator.finish();
  output_.set_size(allocator.end());
  output_.commit();
  const auto image = test::file_bytes(directory_.path() / "image");
  const auto refcounts = stored_refcounts(image, table, geometry);
  ASSERT_EQ(refcounts.size() << geometry.cluster_bits(), image.size());
  EXPECT_GT(before, 600'000U);
  EXPECT_EQ(std::ranges::count(refcounts, 0U), 0);
  // Up to five compressed clusters are in one host cluster.
  std::uint64_t references = 0;
  for (const std::uint64_t refcount : refcounts) references += refcount - 1;
  EXPECT_GT(references, 8U);
  EXPECT_LT(table.offset >> geometry.cluster_bits(), refcounts.size());
}

ClusterKey numbered_key(std::uint64_t number) {
  ClusterKey key{};
  for (std::size_t i = 0; i < 8; ++i) key[i] = static_cast<std::byte>(number * 0x9e3779b97f4a7c15U >> 8 * i);
  key[23] = static_cast<std::byte>(number);
  return key;
}

TEST(ClusterIndexTest, FindsTheLatestOfEachKey) {
  ClusterIndex index;
  EXPECT_EQ(index.find(numbered_key(1)), nullptr);
  for (std::uint64_t i = 1; i <= 10'000; ++i) index.put(numbered_key(i), {i, i << 9U});
  for (std::uint64_t i = 1; i <= 10'000; i += 7) index.put(numbered_key(i), {i, i << 10U});
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    const KnownCluster* const found = index.find(numbered_key(i));
    ASSERT_NE(found, nullptr) << i;
    EXPECT_EQ(found->guest_cluster, i);
    EXPECT_EQ(found->l2_entry, (i - 1) % 7 == 0 ? i << 10U : i << 9U);
  }
  EXPECT_EQ(index.find(numbered_key(10'001)), nullptr);
}

TEST(ClusterIndexTest, KeepsTheFirstOnesOnceItIsFull) {
  ClusterIndex index;
  for (std::uint64_t i = 1; i <= ClusterIndex::kMaxKnownClusters + 1; ++i) index.put(numbered_key(i), {i, 512});
  EXPECT_NE(index.find(numbered_key(ClusterIndex::kMaxKnownClusters)), nullptr);
  EXPECT_EQ(index.find(numbered_key(ClusterIndex::kMaxKnownClusters + 1)), nullptr);
  index.put(numbered_key(5), {77, 512});
  EXPECT_EQ(index.find(numbered_key(5))->guest_cluster, 77U);
}

TEST(HeaderAreaTest, NamesThatDoNotFitTheClusterAreRefused) {
  ImageSettings settings;
  settings.geometry = Geometry(9);
  settings.backing = {.name = std::string(300, 'b'), .format = "raw", .disk = nullptr};
  EXPECT_LE(make_header_area(settings, 512, {}).size(), 512U);  // without the feature name table
  settings.backing.name = std::string(400, 'b');
  EXPECT_THROW(make_header_area(settings, 512, {}), Error);
}

}  // namespace
}  // namespace fstool::qcow2

#include "write/extent_tree.h"

#include <gtest/gtest.h>

#include <cstring>

#include "ondisk/checksum_seed.h"

namespace fstool::ext4 {
namespace {

std::vector<Extent> scattered(std::uint64_t count) {
  std::vector<Extent> extents;
  for (std::uint64_t i = 0; i < count; ++i) extents.push_back({2 * i, 1000 + 3 * i, 1});
  return extents;
}

template <class T>
T read_at(std::span<const std::byte> bytes, std::size_t offset) {
  T object;
  std::memcpy(&object, bytes.data() + offset, sizeof(object));
  return object;
}

TEST(ExtentTree, UpToFourExtentsLieInTheInode) {
  EXPECT_EQ(extent_tree_blocks(4, 4096), 0U);
  const MappingBlocks tree = build_extent_tree(scattered(4), {}, 4096, 0);
  const auto header = read_at<ExtentHeader>(tree.root, 0);
  EXPECT_EQ(header.magic, kExtentMagic);
  EXPECT_EQ(header.entries, 4U);
  EXPECT_EQ(header.max_entries, 4U);
  EXPECT_EQ(header.depth, 0U);
  const auto last = read_at<ExtentLeaf>(tree.root, sizeof(ExtentHeader) + 3 * sizeof(ExtentLeaf));
  EXPECT_EQ(last.first_block, 6U);
  EXPECT_EQ(last.length, 1U);
  EXPECT_EQ(last.start_lo, 1009U);
}

TEST(ExtentTree, ALongExtentIsCutAtTheLimit) {
  const std::vector<Extent> extents = {{0, 5000000000, 2 * kMaxExtentBlocks + 7}};
  EXPECT_EQ(count_disk_extents(extents), 3U);
  const MappingBlocks tree = build_extent_tree(extents, {}, 4096, 0);
  const auto third = read_at<ExtentLeaf>(tree.root, sizeof(ExtentHeader) + 2 * sizeof(ExtentLeaf));
  EXPECT_EQ(third.first_block, 2 * kMaxExtentBlocks);
  EXPECT_EQ(third.length, 7U);
  const std::uint64_t start = (std::uint64_t{third.start_hi} << 32) | third.start_lo;
  EXPECT_EQ(start, 5000000000 + 2 * kMaxExtentBlocks);
}

TEST(ExtentTree, GrowsALevelWhenTheRootIsFull) {
  // 1 KiB blocks hold 84 entries: 20,000 extents take 239 leaves and 3 index blocks above them.
  constexpr std::uint64_t kCount = 20000;
  const std::uint64_t blocks = extent_tree_blocks(kCount, 1024);
  EXPECT_EQ(blocks, 239U + 3U);
  std::vector<std::uint64_t> at;
  for (std::uint64_t i = 0; i < blocks; ++i) at.push_back(900000 + i);
  const MappingBlocks tree = build_extent_tree(scattered(kCount), at, 1024, 0x1234);
  EXPECT_EQ(read_at<ExtentHeader>(tree.root, 0).depth, 2U);
  EXPECT_EQ(read_at<ExtentHeader>(tree.root, 0).entries, 3U);
  EXPECT_EQ(read_at<ExtentIndex>(tree.root, sizeof(ExtentHeader)).leaf_lo, 900000U + 239U);
  // The last leaf holds what is left, and its checksum covers all but itself.
  const auto last = std::span(tree.blocks).subspan(238 * 1024, 1024);
  EXPECT_EQ(read_at<ExtentHeader>(last, 0).entries, kCount - 238 * 84);
  EXPECT_EQ(read_at<little_uint32_t>(last, 1020), crc32c(0x1234, last.first(1020)));
}

}  // namespace
}  // namespace fstool::ext4

#include "write/indirect.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>

#include "ondisk/superblock.h"

namespace fstool::ext4 {
namespace {

std::uint32_t pointer(std::span<const std::byte> bytes, std::uint64_t index) {
  little_uint32_t value;
  std::memcpy(&value, bytes.data() + index * sizeof(value), sizeof(value));
  return value;
}

/// Follows the pointers of a map as a reader does.
class Follower {
 public:
  Follower(const MappingBlocks& map, std::span<const std::uint64_t> at, std::uint32_t block_size)
      : map_(map), block_size_(block_size) {
    for (std::size_t i = 0; i < at.size(); ++i) index_of_[at[i]] = i;
  }

  std::uint64_t physical(std::uint64_t logical) const {
    const std::uint64_t pointers = block_size_ / 4;
    if (logical < 12) return pointer(map_.root, logical);
    logical -= 12;
    std::uint64_t unit = 1;
    for (std::uint64_t level = 0; level < 3; ++level) {
      if (logical < unit * pointers) {
        std::uint64_t block = pointer(map_.root, 12 + level);
        for (; unit > 0; unit /= pointers) {
          if (block == 0) return 0;
          block = pointer(std::span(map_.blocks).subspan(index_of_.at(block) * block_size_), logical / unit % pointers);
        }
        return block;
      }
      logical -= unit * pointers;
      unit *= pointers;
    }
    return 0;
  }

 private:
  const MappingBlocks& map_;
  std::uint32_t block_size_;
  std::map<std::uint64_t, std::size_t> index_of_;
};

void expect_map(const std::vector<Extent>& extents, std::uint32_t block_size) {
  std::vector<std::uint64_t> at(indirect_blocks(extents, block_size));
  for (std::size_t i = 0; i < at.size(); ++i) at[i] = 1'000'000'000 + 7 * i;
  const MappingBlocks map = build_indirect_map(extents, at, block_size);
  const Follower follower(map, at, block_size);
  std::uint64_t next = 0;
  for (const Extent& extent : extents) {
    for (const std::uint64_t hole : {next, extent.logical - 1}) {
      if (hole >= next && hole < extent.logical) {
        EXPECT_EQ(follower.physical(hole), 0U) << hole;
      }
    }
    for (const std::uint64_t i : {std::uint64_t{0}, extent.length / 2, extent.length - 1}) {
      EXPECT_EQ(follower.physical(extent.logical + i), extent.physical + i) << extent.logical + i;
    }
    next = extent.logical + extent.length;
  }
  EXPECT_EQ(follower.physical(next), 0U);
}

TEST(IndirectMap, TwelveBlocksNeedNoPointers) {
  EXPECT_EQ(indirect_blocks(std::vector<Extent>{{0, 100, 12}}, 1024), 0U);
  expect_map({{0, 100, 12}}, 1024);
}

TEST(IndirectMap, CountsTheBlocksOfEachLevel) {
  EXPECT_EQ(indirect_blocks(std::vector<Extent>{{0, 100, 13}}, 1024), 1U);
  EXPECT_EQ(indirect_blocks(std::vector<Extent>{{0, 100, 12 + 256}}, 1024), 1U);
  EXPECT_EQ(indirect_blocks(std::vector<Extent>{{0, 100, 12 + 256 + 1}}, 1024), 3U);
  EXPECT_EQ(indirect_blocks(std::vector<Extent>{{0, 100, 12 + 256 + 65536}}, 1024), 1U + 1 + 256);
  EXPECT_EQ(indirect_blocks(std::vector<Extent>{{0, 100, 12 + 256 + 65536 + 1}}, 1024), 1U + 1 + 256 + 3);
  // One block far out takes a block of pointers on each of three levels.
  EXPECT_EQ(indirect_blocks(std::vector<Extent>{{10'000'000, 100, 1}}, 1024), 3U);
}

TEST(IndirectMap, CrossesEveryLevel) {
  for (const std::uint32_t block_size : {1024U, 2048U, 4096U}) {
    const std::uint64_t pointers = block_size / 4;
    const std::uint64_t triple = 12 + pointers + pointers * pointers;
    expect_map({{0, 5000, 12 + pointers + 40}}, block_size);
    expect_map({{triple - 3, 5000, 3 + 2 * pointers}}, block_size);
    expect_map({{max_indirect_file_blocks(block_size) - 5, 5000, 5}}, block_size);
  }
}

TEST(IndirectMap, HoldsScatteredExtents) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<Extent> extents;
    std::uint64_t logical = random() % 20;
    while (extents.size() < 100) {
      const std::uint64_t length = 1 + random() % 300;
      extents.push_back({logical, 10'000 + random() % 1'000'000, length});
      logical += length + random() % (random() % 20 == 0 ? 300'000 : 400);
    }
    expect_map(extents, 1024);
  }
}

}  // namespace
}  // namespace fstool::ext4

#include "write/allocator.h"

#include <gtest/gtest.h>

namespace fstool::ext4 {
namespace {

std::vector<BlockRun> allocate(BlockAllocator& allocator, std::uint64_t blocks, Align align = Align::No) {
  std::vector<BlockRun> runs;
  allocator.allocate(blocks, align, [&](const BlockRun& run) { runs.push_back(run); });
  return runs;
}

TEST(BlockAllocator, GivesEachFileOneRunWhereThereIsOne) {
  BlockAllocator allocator({{10, 5}, {20, 100}}, 120);
  EXPECT_EQ(allocate(allocator, 8).front().start, 20U);
  EXPECT_EQ(allocate(allocator, 5).front().start, 10U);
  EXPECT_EQ(allocator.free_blocks(), 92U);
}

TEST(BlockAllocator, CountsWhatIsMissing) {
  BlockAllocator allocator({{10, 5}}, 15);
  const auto runs = allocate(allocator, 8);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].start, 10U);
  EXPECT_EQ(runs[1].start, 15U);
  EXPECT_EQ(allocator.shortage(), 3U);
  EXPECT_EQ(allocator.free_blocks(), 0U);
}

TEST(BlockAllocator, AlignsAndFillsTheGaps) {
  BlockAllocator allocator({{3, 1000}}, 1003, {16, 0});
  EXPECT_EQ(allocate(allocator, 64, Align::Yes).front().start, 16U);
  EXPECT_EQ(allocator.gap_blocks(), 13U);
  EXPECT_EQ(allocate(allocator, 5).front().start, 3U);
  EXPECT_EQ(allocate(allocator, 8).front().start, 8U);
  EXPECT_EQ(allocator.gap_blocks(), 0U);
  EXPECT_EQ(allocate(allocator, 1).front().start, 80U);
}

TEST(BlockAllocator, CountsAlignmentFromTheStartOfTheDisk) {
  BlockAllocator allocator({{0, 1000}}, 1000, {16, 5});
  EXPECT_EQ(allocate(allocator, 64, Align::Yes).front().start, 11U);
}

TEST(BlockAllocator, WhatRemainsIsSortedAndJoined) {
  BlockAllocator allocator({{1, 99}, {200, 10}}, 300, {16, 0});
  allocate(allocator, 32, Align::Yes);
  const auto rest = allocator.remaining();
  ASSERT_EQ(rest.size(), 3U);
  EXPECT_EQ(rest[0].start, 1U);
  EXPECT_EQ(rest[0].length, 15U);
  EXPECT_EQ(rest[1].start, 48U);
  EXPECT_EQ(rest[2].start, 200U);
  std::uint64_t blocks = 0;
  for (const BlockRun& run : rest) blocks += run.length;
  EXPECT_EQ(blocks, allocator.free_blocks());
}

}  // namespace
}  // namespace fstool::ext4

#include "fstool/usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fstool {
namespace {

using testing::ElementsAre;

FileRanges file_of(NodeId node, std::uint64_t allocated) {
  return {.usage = {.node = node, .allocated = allocated, .fragments = 1}, .ranges = {{0, allocated}}};
}

TEST(UsageBuilder, WhatNobodyUsesIsFree) {
  VolumeUsage usage;
  UsageBuilder(100, 0).finish(usage);
  EXPECT_THAT(usage.ranges, ElementsAre(UsedRange{{0, 100}, Use::Free}));
}

TEST(UsageBuilder, AnEmptyFileSystemHasNoRanges) {
  VolumeUsage usage;
  UsageBuilder builder(0, 0);
  builder.add({0, 10}, Use::Content);
  builder.finish(usage);
  EXPECT_THAT(usage.ranges, ElementsAre());
}

TEST(UsageBuilder, RangesAreSortedAndJoined) {
  VolumeUsage usage;
  UsageBuilder builder(100, 0);
  builder.add({30, 10}, Use::Content);
  builder.add({0, 10}, Use::Metadata);
  builder.add({40, 10}, Use::Content);
  builder.add({50, 5}, Use::Directory);
  EXPECT_EQ(builder.finish(usage), 0U);
  EXPECT_THAT(usage.ranges, ElementsAre(UsedRange{{0, 10}, Use::Metadata}, UsedRange{{10, 20}, Use::Free},
                                        UsedRange{{30, 20}, Use::Content}, UsedRange{{50, 5}, Use::Directory},
                                        UsedRange{{55, 45}, Use::Free}));
}

TEST(UsageBuilder, WhatIsAllocatedForNothingIsUnaccounted) {
  VolumeUsage usage;
  UsageBuilder builder(100, 0);
  builder.add_allocated({0, 50});
  builder.add_allocated({70, 10});
  builder.add({10, 20}, Use::Content);
  builder.add({75, 15}, Use::Journal);
  builder.finish(usage);
  EXPECT_THAT(usage.ranges, ElementsAre(UsedRange{{0, 10}, Use::Unaccounted}, UsedRange{{10, 20}, Use::Content},
                                        UsedRange{{30, 20}, Use::Unaccounted}, UsedRange{{50, 20}, Use::Free},
                                        UsedRange{{70, 5}, Use::Unaccounted}, UsedRange{{75, 15}, Use::Journal},
                                        UsedRange{{90, 10}, Use::Free}));
}

TEST(UsageBuilder, OverlapsAreCountedAndTheFirstUseStays) {
  VolumeUsage usage;
  UsageBuilder builder(100, 0);
  builder.add({0, 60}, Use::Content);
  builder.add({10, 20}, Use::Directory);
  builder.add({50, 20}, Use::Metadata);
  EXPECT_EQ(builder.finish(usage), 30U);
  EXPECT_THAT(usage.ranges, ElementsAre(UsedRange{{0, 60}, Use::Content}, UsedRange{{60, 10}, Use::Metadata},
                                        UsedRange{{70, 30}, Use::Free}));
}

TEST(UsageBuilder, WhatLiesBehindTheEndIsLeftOut) {
  VolumeUsage usage;
  UsageBuilder builder(100, 0);
  builder.add({90, UINT64_MAX - 90}, Use::Content);
  builder.add({100, 10}, Use::Metadata);
  builder.add_allocated({UINT64_MAX, 1});
  builder.finish(usage);
  EXPECT_THAT(usage.ranges, ElementsAre(UsedRange{{0, 90}, Use::Free}, UsedRange{{90, 10}, Use::Content}));
}

TEST(UsageBuilder, KeepsThePlacesOfTheLargestFiles) {
  VolumeUsage usage;
  UsageBuilder builder(1000, 3);
  for (const NodeId node : {5U, 1U, 4U, 2U, 3U, 6U}) builder.add_file(file_of(node, node % 2 == 0 ? 50 : 10 * node));
  builder.finish(usage);
  ASSERT_EQ(usage.files.size(), 6U);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(usage.files[i].node, i + 1);
  std::vector<NodeId> largest;
  for (const FileRanges& file : usage.largest) largest.push_back(file.usage.node);
  EXPECT_THAT(largest, ElementsAre(2, 4, 5));  // of equal size: the first nodes
}

TEST(UsageBuilder, EveryUseHasItsName) {
  std::vector<std::string_view> names;
  for (const Use use : kUses) names.push_back(use_name(use));
  EXPECT_THAT(names, ElementsAre("free", "metadata", "nodes", "node_metadata", "journal", "directory", "content",
                                 "reserved", "unaccounted"));
}

}  // namespace
}  // namespace fstool

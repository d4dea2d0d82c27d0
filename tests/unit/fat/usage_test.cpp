// What is said about the places of FAT file systems: every byte has one use, and it is the one that the FAT gives it.

#include "fstool/usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "damaged.h"

namespace fstool::fat {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kA = "A          ";
constexpr std::string_view kB = "B          ";

constexpr std::size_t kAllFiles = 100;

class FatUsage : public testing::TestWithParam<Variant> {
 protected:
  VolumeUsage usage() {
    VolumeUsage result = FatFilesystem({}).usage(image_.blob(), kAllFiles, heard_.context()).value();
    std::uint64_t end = 0;
    for (const UsedRange& used : result.ranges) {
      EXPECT_EQ(used.range.offset, end);
      end = used.range.end();
    }
    EXPECT_EQ(end, image_.geometry().size());
    return result;
  }

  /// Of a byte of the file system.
  static Use use_at(const VolumeUsage& usage, std::uint64_t offset) {
    const auto found =
        std::ranges::find_if(usage.ranges, [&](const UsedRange& used) { return offset < used.range.end(); });
    return found == usage.ranges.end() ? Use::Unaccounted : found->use;
  }

  static std::uint64_t total(const VolumeUsage& usage, Use use) {
    std::uint64_t bytes = 0;
    for (const UsedRange& used : usage.ranges) bytes += used.use == use ? used.range.length : 0;
    return bytes;
  }

  const FileRanges& file(const VolumeUsage& usage, std::string_view path) const {
    const NodeId node = usage.volume.tree.find_path(path).value();
    return *std::ranges::find_if(usage.largest, [&](const FileRanges& each) { return each.usage.node == node; });
  }

  std::uint64_t offset_of(std::uint32_t cluster) const { return image_.geometry().cluster_offset(cluster); }

  Damaged image_{GetParam()};
  Heard heard_;
};

TEST_P(FatUsage, AreasLieWhereTheBootSectorSays) {
  const VolumeUsage usage = this->usage();
  const Geometry& geometry = image_.geometry();
  EXPECT_EQ(use_at(usage, 0), Use::Reserved);
  EXPECT_EQ(use_at(usage, geometry.fat_offset(0) - 1), Use::Reserved);
  EXPECT_EQ(use_at(usage, geometry.fat_offset(0)), Use::Metadata);
  EXPECT_EQ(total(usage, Use::Metadata), geometry.fats * geometry.fat_bytes());
  const std::uint64_t root =
      geometry.root_entries > 0 ? geometry.root_offset() : geometry.cluster_offset(geometry.root_cluster);
  EXPECT_EQ(use_at(usage, root), Use::Directory);
  EXPECT_THAT(heard_.damage(), IsEmpty());
}

TEST_P(FatUsage, FreeSpaceIsWhatTheFatSays) {
  const VolumeUsage usage = this->usage();
  const VolumeFacts& facts = usage.volume.facts;
  EXPECT_EQ(total(usage, Use::Free), facts.free_blocks * facts.block_size);
  EXPECT_EQ(total(usage, Use::Unaccounted), 0U);
}

TEST_P(FatUsage, FilesLieInTheirClusters) {
  const VolumeUsage usage = this->usage();
  const std::uint32_t first = image_.first_cluster(kA);
  const std::uint64_t cluster_size = image_.geometry().cluster_size();
  const FileRanges& a = file(usage, "a");
  EXPECT_THAT(a.ranges, ElementsAre(ByteRange{offset_of(first), 3 * cluster_size}));
  EXPECT_EQ(a.usage.allocated, 3 * cluster_size);
  EXPECT_EQ(a.usage.fragments, 1U);
  EXPECT_EQ(use_at(usage, offset_of(first)), Use::Content);
  EXPECT_EQ(use_at(usage, offset_of(image_.first_cluster("DIR        "))), Use::Directory);
  EXPECT_EQ(usage.files.size(), 4U);  // the empty one lies nowhere
}

TEST_P(FatUsage, FragmentsAreCounted) {
  const std::uint32_t a = image_.first_cluster(kA);
  const std::uint32_t far = image_.geometry().end_cluster() - 1;
  image_.set_entry(a, far);
  image_.set_entry(far, a + 2);
  image_.set_entry(a + 1, 0);
  const VolumeUsage usage = this->usage();
  const std::uint64_t cluster_size = image_.geometry().cluster_size();
  EXPECT_THAT(file(usage, "a").ranges,
              ElementsAre(ByteRange{offset_of(a), cluster_size}, ByteRange{offset_of(far), cluster_size},
                          ByteRange{offset_of(a + 2), cluster_size}));
  EXPECT_EQ(file(usage, "a").usage.fragments, 3U);
  EXPECT_EQ(use_at(usage, offset_of(a + 1)), Use::Free);
}

TEST_P(FatUsage, LostClustersAreUnaccountedAndBadOnesReserved) {
  const std::uint32_t end = image_.geometry().end_cluster();
  image_.set_entry(end - 1, image_.geometry().max_entry());
  image_.set_entry(end - 2, image_.geometry().bad_mark());
  const VolumeUsage usage = this->usage();
  EXPECT_EQ(use_at(usage, offset_of(end - 1)), Use::Unaccounted);
  EXPECT_EQ(use_at(usage, offset_of(end - 2)), Use::Reserved);
}

TEST_P(FatUsage, ClustersOfTwoFilesBelongToOne) {
  image_.set_entry(image_.first_cluster(kB), image_.first_cluster(kA) + 1);
  const VolumeUsage usage = this->usage();
  EXPECT_EQ(file(usage, "a").usage.allocated + file(usage, "b").usage.allocated, 4 * image_.geometry().cluster_size());
  EXPECT_THAT(heard_.damage(), Contains(HasSubstr("belongs to it and to a file")));
}

TEST_P(FatUsage, WhatTheImageLacksIsUnaccounted) {
  image_.bytes.resize(image_.bytes.size() - 10 * image_.geometry().cluster_size());
  EXPECT_EQ(use_at(usage(), image_.geometry().size() - 1), Use::Unaccounted);
}

INSTANTIATE_TEST_SUITE_P(Variants, FatUsage, testing::Values(Variant::Fat12, Variant::Fat16, Variant::Fat32),
                         [](const testing::TestParamInfo<Variant>& each) { return variant_name(each.param); });

}  // namespace
}  // namespace fstool::fat

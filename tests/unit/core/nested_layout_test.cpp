// Placement inside a part of the disk, and with the table's own bytes in front of partitions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fstool/partition_layout.h"
#include "partition_table_fixture.h"

namespace fstool {
namespace {

using test::error_of;
using test::kKiB;
using test::kMiB;
using testing::AllOf;
using testing::HasSubstr;

class NestedLayout : public testing::Test {
 protected:
  NestedLayout() {
    rules_.table = "table";
    rules_.first_usable = 8 * kMiB;
    rules_.max_partitions = 8;
    rules_.leads = {kMiB, kMiB};
    rules_.numbers = {5, 6};
    rules_.space = "inner space";
    rules_.space_offset = 8 * kMiB;
  }

  TableRequest two(std::uint64_t first_size, std::uint64_t second_size) const {
    TableRequest request{.partitions = {}, .disk_size = 16 * kMiB, .seed = Seed("test")};
    request.partitions = {{.name = "", .type = "linux", .size = first_size, .offset = {}},
                          {.name = "", .type = "linux", .size = second_size, .offset = {}}};
    return request;
  }

  std::vector<std::uint64_t> offsets(const TableRequest& request) const {
    std::vector<std::uint64_t> offsets;
    for (const DiskRange& range : place_partitions(request, rules_).partitions) offsets.push_back(range.offset);
    return offsets;
  }

  std::string refused(const TableRequest& request) const {
    return error_of([&] { place_partitions(request, rules_); }).second;
  }

  PlacementRules rules_;
};

TEST_F(NestedLayout, LeadsAreKeptFreeAndPartitionsAligned) {
  EXPECT_EQ(offsets(two(kMiB, kMiB)), (std::vector<std::uint64_t>{9 * kMiB, 11 * kMiB}));
  rules_.leads = {4 * kKiB, 512};
  EXPECT_EQ(offsets(two(kMiB, kMiB)), (std::vector<std::uint64_t>{9 * kMiB, 11 * kMiB}));
  rules_.alignment = 512;
  EXPECT_EQ(offsets(two(kMiB, kMiB)), (std::vector<std::uint64_t>{8 * kMiB + 4 * kKiB, 9 * kMiB + 4 * kKiB + 512}));
}

TEST_F(NestedLayout, OfAnOffsetOnlyASectorIsTaken) {
  TableRequest request = two(kMiB, kMiB);
  request.partitions[1].offset = 10 * kMiB + 512;
  EXPECT_EQ(offsets(request), (std::vector<std::uint64_t>{9 * kMiB, 10 * kMiB + 512}));
  request.partitions[1].offset = 8 * kMiB;
  EXPECT_THAT(refused(request), HasSubstr("partition 6: offset 8 MiB lies in the first 512 bytes of the inner space"));
  request.partitions[1].offset = 7 * kMiB;
  EXPECT_THAT(refused(request), HasSubstr("offset 7 MiB lies in front of the inner space, which begins at 8 MiB"));
}

TEST_F(NestedLayout, SizesCountFromTheStartOfTheSpace) {
  EXPECT_THAT(refused(two(kMiB, 6 * kMiB)),
              AllOf(HasSubstr("partition 6 does not fit on an inner space of 8 MiB: it would cover 11 MiB to 17 MiB"),
                    HasSubstr("size to \"auto\" or at least \"9 MiB\""), HasSubstr("the end of the inner space")));
  TableRequest unlimited = two(kMiB, 6 * kMiB);
  unlimited.disk_size.reset();
  EXPECT_EQ(place_partitions(unlimited, rules_).disk_size, 17 * kMiB);
}

TEST_F(NestedLayout, WhatRemainsEndsInFrontOfALead) {
  TableRequest request = two(kMiB, kMiB);
  request.partitions[0].size.reset();
  const Placement placement = place_partitions(request, rules_);
  EXPECT_EQ(placement.partitions[0].end(), 14 * kMiB);
  EXPECT_EQ(placement.partitions[1].offset, 15 * kMiB);
}

TEST_F(NestedLayout, NoGapNorAlignmentOverflows) {
  TableRequest request = two(kMiB, kMiB);
  request.partitions[1].gap = kMaxDiskSize;
  EXPECT_EQ(error_of([&] { place_partitions(request, rules_); }).first, ErrorCode::NoSpace);
  request.partitions[1].alignment = kMaxDiskSize - 511;
  rules_.leads[1] = kMaxDiskSize - 511;
  EXPECT_EQ(error_of([&] { place_partitions(request, rules_); }).first, ErrorCode::NoSpace);
}

}  // namespace
}  // namespace fstool

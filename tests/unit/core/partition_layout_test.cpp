#include "fstool/partition_layout.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "partition_table_fixture.h"

namespace fstool {
namespace {

using test::error_of;
using test::kGiB;
using test::kKiB;
using test::kMiB;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::optional<std::uint64_t> kRemaining;

PartitionRequest named(std::string name, std::optional<std::uint64_t> size, std::optional<std::uint64_t> offset = {}) {
  return {.name = std::move(name), .type = "linux", .size = size, .offset = offset};
}

TableRequest request(std::vector<PartitionRequest> partitions, std::optional<std::uint64_t> disk_size = {}) {
  return {.partitions = std::move(partitions), .disk_size = disk_size, .seed = Seed("test")};
}

PlacementRules rules() {
  PlacementRules rules;
  rules.table = "table";
  rules.first_usable = 17 * kKiB;
  rules.tail_size = 16 * kKiB + 512;
  rules.tail_name = "backup";
  rules.max_partitions = 8;
  return rules;
}

/// "disk 4194304: 1048576+1048576 …"; short to compare and to read.
std::string placed(const TableRequest& wanted, const PlacementRules& how = rules()) {
  const Placement placement = place_partitions(wanted, how);
  std::string text = "disk " + exact_size(placement.disk_size) + ":";
  for (const DiskRange& range : placement.partitions) {
    text += " " + exact_size(range.offset) + " + " + exact_size(range.size) + ";";
  }
  return text;
}

TEST(PartitionLayout, PlacesPartitionsOneBehindTheOtherAtAlignedOffsets) {
  EXPECT_EQ(placed(request({named("a", 1536 * kKiB), named("b", 1000), named("c", kMiB)})),
            "disk 6 MiB: 1 MiB + 1.5 MiB; 3 MiB + 1 KiB; 4 MiB + 1 MiB;");
}

TEST(PartitionLayout, AnAutomaticDiskEndsAtTheNextMiBThatHoldsTheTail) {
  EXPECT_EQ(placed(request({})), "disk 1 MiB:");
  EXPECT_EQ(placed(request({named("a", kMiB)})), "disk 3 MiB: 1 MiB + 1 MiB;");
  PlacementRules without_tail = rules();
  without_tail.tail_size = 0;
  EXPECT_EQ(placed(request({named("a", kMiB)}), without_tail), "disk 2 MiB: 1 MiB + 1 MiB;");
}

TEST(PartitionLayout, AlignmentIsAsAskedFor) {
  PlacementRules wide = rules();
  wide.alignment = 4 * kMiB;
  EXPECT_EQ(placed(request({named("a", kMiB), named("b", kMiB)}), wide), "disk 10 MiB: 4 MiB + 1 MiB; 8 MiB + 1 MiB;");
}

TEST(PartitionLayout, AnOffsetIsTakenAsItIs) {
  EXPECT_EQ(placed(request({named("loader", 500 * kKiB, 32 * kKiB), named("root", kMiB)})),
            "disk 3 MiB: 32 KiB + 500 KiB; 1 MiB + 1 MiB;");
}

TEST(PartitionLayout, PartitionsWithoutOffsetPassOverThoseThatHaveOne) {
  EXPECT_EQ(placed(request({named("a", kMiB), named("b", 2 * kMiB), named("fixed", kMiB, 3 * kMiB)})),
            "disk 7 MiB: 1 MiB + 1 MiB; 4 MiB + 2 MiB; 3 MiB + 1 MiB;");
}

TEST(PartitionLayout, TheRemainingSpaceEndsAtAnAlignedPlace) {
  EXPECT_EQ(placed(request({named("a", kMiB), named("b", kRemaining)}, 64 * kMiB)),
            "disk 64 MiB: 1 MiB + 1 MiB; 2 MiB + 61 MiB;");
}

TEST(PartitionLayout, TheRemainingSpaceLeavesRoomForThoseListedBehind) {
  EXPECT_EQ(placed(request({named("a", kRemaining), named("b", 1536 * kKiB), named("c", 3 * kMiB)}, 64 * kMiB)),
            "disk 64 MiB: 1 MiB + 57 MiB; 58 MiB + 1.5 MiB; 60 MiB + 3 MiB;");
}

TEST(PartitionLayout, TheRemainingSpaceEndsAtAFixedPartition) {
  EXPECT_EQ(placed(request({named("a", kRemaining), named("fixed", kMiB, 50 * kMiB), named("c", kMiB)}, 64 * kMiB)),
            "disk 64 MiB: 1 MiB + 49 MiB; 50 MiB + 1 MiB; 51 MiB + 1 MiB;");
}

TEST(PartitionLayout, TheRemainingSpaceMayBeginAtAnOffset) {
  EXPECT_EQ(placed(request({named("a", kMiB), named("b", kRemaining, 10 * kMiB)}, 64 * kMiB)),
            "disk 64 MiB: 1 MiB + 1 MiB; 10 MiB + 53 MiB;");
  EXPECT_EQ(placed(request({named("a", kMiB), named("b", kRemaining, 64 * kKiB)}, 64 * kMiB)),
            "disk 64 MiB: 1 MiB + 1 MiB; 64 KiB + 960 KiB;");
}

TEST(PartitionLayout, TheRemainingSpaceOfATinyDiskReachesTheTail) {
  EXPECT_EQ(placed(request({named("a", kRemaining)}, 2 * kMiB - 512)), "disk 2096640 bytes (2 MiB): 1 MiB + 1007 KiB;");
}

TEST(PartitionLayout, OverlappingOffsetsNameBothPartitions) {
  const auto [code, text] = error_of([] {
    placed(request({named("a", 2 * kMiB, 4 * kMiB), named("b", 3 * kMiB, 2 * kMiB)}));
  });
  EXPECT_EQ(code, ErrorCode::NoSpace);
  EXPECT_EQ(
      text,
      "partition 2 (\"b\") (2 MiB to 5 MiB) and partition 1 (\"a\") (4 MiB to 6 MiB) overlap: change the offset or "
      "size of one of them\n"
      "  ->                    2 MiB to 5 MiB                    partition 2 (\"b\")\n"
      "  ->                    4 MiB to 6 MiB                    partition 1 (\"a\")");
}

TEST(PartitionLayout, ATooSmallDiskSaysWhatItWouldTake) {
  const auto [code, text] = error_of([] { placed(request({named("a", 10 * kMiB), named("", 30 * kMiB)}, 32 * kMiB)); });
  EXPECT_EQ(code, ErrorCode::NoSpace);
  EXPECT_EQ(text,
            "partition 2 does not fit on a disk of 32 MiB: it would cover 11 MiB to 41 MiB, and table needs 16.5 KiB "
            "behind it; set the disk's size to \"auto\" or at least \"42 MiB\"\n"
            "                        1 MiB to 11 MiB                   partition 1 (\"a\")\n"
            "  ->                   11 MiB to 41 MiB                   partition 2\n"
            "      33537536 bytes (32 MiB) to 32 MiB                   backup\n"
            "                       32 MiB to 32 MiB                   the end of the disk");
  EXPECT_EQ(placed(request({named("a", 10 * kMiB), named("", 30 * kMiB)}, 42 * kMiB)),
            "disk 42 MiB: 1 MiB + 10 MiB; 11 MiB + 30 MiB;");
}

TEST(PartitionLayout, ADiskTooSmallForItsTableIsRefused) {
  EXPECT_EQ(error_of([] { placed(request({}, 32 * kKiB)); }),
            std::pair(ErrorCode::NoSpace,
                      std::string("a disk of 32 KiB has no room for a table table: it needs at least \"1 MiB\"")));
}

TEST(PartitionLayout, NothingRemainsOnAFullDisk) {
  const auto [code, text] = error_of([] {
    placed(request({named("a", 2 * kMiB), named("b", kRemaining)}, 3 * kMiB + 16 * kKiB + 512));
  });
  EXPECT_EQ(code, ErrorCode::NoSpace);
  EXPECT_THAT(text, AllOf(HasSubstr("partition 2 (\"b\") does not fit"), HasSubstr("size to at least \"4 MiB\"")));
}

TEST(PartitionLayout, RefusesWhatMakesNoSense) {
  const auto refused = [](const TableRequest& wanted, const PlacementRules& how = rules()) {
    const auto [code, text] = error_of([&] { placed(wanted, how); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument) << text;
    return text;
  };
  EXPECT_THAT(refused(request({named("a", kRemaining)})), HasSubstr("give the disk or the partition a size"));
  EXPECT_THAT(refused(request({named("a", kRemaining), named("b", kRemaining)}, kGiB)),
              HasSubstr("partition 1 (\"a\") and partition 2 (\"b\") both take the remaining space"));
  EXPECT_THAT(refused(request({named("a", 0)})), HasSubstr("partition 1 (\"a\") has no size"));
  EXPECT_THAT(refused(request({named("a", kMiB, 100 * kKiB + 1)})), HasSubstr("not a multiple of the 512-byte sector"));
  EXPECT_THAT(refused(request({}, 1000000)), HasSubstr("set it to 1000448"));
  EXPECT_THAT(refused(request(std::vector<PartitionRequest>(9, named("", kMiB)))), HasSubstr("at most 8"));

  PlacementRules odd = rules();
  odd.alignment = 1000;
  EXPECT_THAT(refused(request({}), odd), HasSubstr("alignment of 1000 bytes: must be a multiple"));
  odd.alignment = 0;
  EXPECT_THAT(refused(request({}), odd), HasSubstr("alignment of 0 bytes"));

  TableRequest sectors = request({});
  sectors.sector_size = 520;
  EXPECT_THAT(refused(sectors), HasSubstr("must be 512 or 4096"));
}

TEST(PartitionLayout, OffsetsInTheTableAreRefused) {
  const auto [code, text] = error_of([] { placed(request({named("spl", kKiB, 8 * kKiB)})); });
  EXPECT_EQ(code, ErrorCode::NoSpace);
  EXPECT_EQ(text,
            "partition 1 (\"spl\"): offset 8 KiB lies in the first 17 KiB of the disk, where table keeps its table\n"
            "  ->                    8 KiB to 9 KiB                    partition 1 (\"spl\")");
}

TEST(PartitionLayout, NoSizeOverflows) {
  const std::uint64_t huge = UINT64_MAX / 512 * 512;
  for (const std::uint64_t size : {huge, UINT64_MAX, kMaxDiskSize, kMaxDiskSize - kMiB}) {
    EXPECT_EQ(error_of([&] { placed(request({named("a", size)})); }).first, ErrorCode::NoSpace) << size;
    EXPECT_EQ(error_of([&] { placed(request({named("a", size / 2), named("b", size)})); }).first, ErrorCode::NoSpace);
    EXPECT_EQ(error_of([&] { placed(request({named("a", 512, size / 512 * 512)})); }).first, ErrorCode::NoSpace);
  }
  EXPECT_EQ(error_of([&] { placed(request({}, huge)); }).first, ErrorCode::InvalidArgument);
  EXPECT_EQ(error_of([&] { placed(request({named("a", kMiB, huge)}, kGiB)); }).first, ErrorCode::NoSpace);
}

TEST(PartitionLayout, ATableThatCannotAddressThePlaceSaysSo) {
  PlacementRules limited = rules();
  limited.address_limit = 2 * 1024 * kGiB;
  const auto [code, text] = error_of([&] { placed(request({named("a", kRemaining)}, 3 * 1024 * kGiB), limited); });
  EXPECT_EQ(code, ErrorCode::NoSpace);
  EXPECT_EQ(
      text,
      "partition 1 (\"a\") would end beyond 2 TiB, the most that table can address: make it smaller or use another "
      "partition table");
}

PartitionRequest payload(std::string name, std::optional<std::uint64_t> size, std::optional<std::uint64_t> offset,
                         std::vector<DiskRange> holes = {}) {
  PartitionRequest request = named(std::move(name), size, offset);
  request.in_table = false;
  request.holes = std::move(holes);
  return request;
}

PlacementRules with_structures() {
  PlacementRules how = rules();
  how.structures = {{"record", 440, 72}, {"header", 512, 512}};
  return how;
}

TEST(PartitionLayout, WhatIsNotInTheTableLiesWhereTheTableIsNot) {
  EXPECT_EQ(placed(request({payload("spl", 7 * kKiB, kKiB), named("a", kMiB)}), with_structures()),
            "disk 3 MiB: 1 KiB + 7 KiB; 1 MiB + 1 MiB;");
  const auto [code, text] = error_of([] { placed(request({payload("spl", kKiB, 512)}), with_structures()); });
  EXPECT_EQ(code, ErrorCode::NoSpace);
  EXPECT_EQ(text,
            "header (512 bytes to 1 KiB) and the payload \"spl\" (512 bytes to 1.5 KiB) overlap: change the offset or "
            "size of the one that is not the table's\n"
            "                    440 bytes to 512 bytes                record\n"
            "                    512 bytes to 1 KiB                    header\n"
            "  ->                512 bytes to 1.5 KiB                  the payload \"spl\"");
}

TEST(PartitionLayout, HolesOfAPayloadAreFreeForTheTableAndForOthers) {
  EXPECT_EQ(placed(request({payload("loader", 64 * kKiB, 0, {{40 * kKiB, 8 * kKiB}, {440, 584}}),
                            payload("env", 4 * kKiB, 44 * kKiB), named("a", kMiB)}),
                   with_structures()),
            "disk 3 MiB: 0 bytes + 64 KiB; 44 KiB + 4 KiB; 1 MiB + 1 MiB;");
  const auto [code, text] = error_of([] {
    placed(request({payload("loader", 64 * kKiB, 0, {{440, 584}, {40 * kKiB, 8 * kKiB}}),
                    payload("env", 8 * kKiB, 44 * kKiB)}),
           with_structures());
  });
  EXPECT_THAT(text, HasSubstr("the payload \"env\" (44 KiB to 52 KiB) and the payload \"loader\" (48 KiB to 64 KiB)"));
}

TEST(PartitionLayout, HolesLeaveWhatTheyDoNotCover) {
  const auto left = [](std::uint64_t size, const std::vector<DiskRange>& holes) {
    std::string text;
    for (const DiskRange& part : without_holes(size, holes)) text += fmt::format("{}+{} ", part.offset, part.size);
    return text;
  };
  EXPECT_EQ(left(100, {}), "0+100 ");
  EXPECT_EQ(left(0, {}), "");
  EXPECT_EQ(left(100, {{50, 10}, {0, 20}, {15, 10}}), "25+25 60+40 ");
  EXPECT_EQ(left(100, {{0, UINT64_MAX}}), "");
  EXPECT_EQ(left(100, {{90, UINT64_MAX}, {200, 5}}), "0+90 ");
  EXPECT_EQ(left(100, {{30, 0}}), "0+100 ");
}

TEST(PartitionLayout, AGapAndAnAlignmentAreKept) {
  PartitionRequest second = named("b", kMiB);
  second.gap = 2 * kMiB + 1;
  PartitionRequest third = named("c", kMiB);
  third.alignment = 16 * kMiB;
  EXPECT_EQ(placed(request({named("a", kMiB), second, third, named("d", kMiB)})),
            "disk 19 MiB: 1 MiB + 1 MiB; 5 MiB + 1 MiB; 16 MiB + 1 MiB; 17 MiB + 1 MiB;");
  third.offset = 8 * kMiB;
  EXPECT_THAT(error_of([&] { placed(request({third})); }).second,
              HasSubstr("offset 8 MiB is not a multiple of its alignment of 16 MiB"));
  third.alignment = 1000;
  EXPECT_THAT(error_of([&] { placed(request({third})); }).second, HasSubstr("partition 1 (\"c\"): alignment of 1000"));
}

TEST(PartitionLayout, WhatRemainsLeavesTheGapsOfThoseBehind) {
  PartitionRequest last = named("b", kMiB);
  last.gap = 2 * kMiB;
  EXPECT_EQ(placed(request({named("a", kRemaining), last}, 64 * kMiB)), "disk 64 MiB: 1 MiB + 59 MiB; 62 MiB + 1 MiB;");
  last.gap = 2 * kMiB - 1;
  EXPECT_EQ(placed(request({named("a", kRemaining), last}, 64 * kMiB)), "disk 64 MiB: 1 MiB + 59 MiB; 62 MiB + 1 MiB;")
      << "of whole sectors";
}

TEST(PartitionLayout, LeadsAreKeptFreeInFrontOfPartitions) {
  PlacementRules how = rules();
  how.leads = {0, kMiB, kMiB};
  EXPECT_EQ(placed(request({named("a", kMiB), named("b", kMiB), named("c", kMiB)}), how),
            "disk 7 MiB: 1 MiB + 1 MiB; 3 MiB + 1 MiB; 5 MiB + 1 MiB;");
  EXPECT_EQ(placed(request({named("a", kMiB), named("b", kMiB, 2 * kMiB + 512), named("c", kMiB)}), how),
            "disk 7 MiB: 1 MiB + 1 MiB; 2097664 bytes (2 MiB) + 1 MiB; 5 MiB + 1 MiB;");
  EXPECT_THAT(error_of([&] {
                placed(request({named("a", kMiB, kMiB), named("b", kMiB, 2 * kMiB), named("c", kMiB)}), how);
              }).second,
              HasSubstr("overlap"));
}

TEST(PartitionLayout, ExactSizesLoseNothing) {
  EXPECT_EQ(exact_size(0), "0 bytes");
  EXPECT_EQ(exact_size(17 * kKiB), "17 KiB");
  EXPECT_EQ(exact_size(1025 * kMiB), "1025 MiB");
  EXPECT_EQ(exact_size(1000000000), "1000000000 bytes (953.7 MiB)");
}

}  // namespace
}  // namespace fstool

// Extended and logical partitions: which become which, where they lie, and what fdisk would have written.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "mbr.h"
#include "partition_table_fixture.h"
#include "structures.h"

namespace fstool::mbr {
namespace {

using test::error_of;
using test::kGiB;
using test::kKiB;
using test::kMiB;
using test::run_tool;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::optional<std::uint64_t> kRemaining;
constexpr std::uint64_t kSpans = 0;

class LogicalPartitions : public test::PartitionTableFixture {
 protected:
  static PartitionRequest linux_partition(std::uint64_t mib, std::string_view options = {}) {
    PartitionRequest request = partition("", "linux", mib * kMiB);
    request.options = options.empty() ? OptionTable{} : parse_option_text(options);
    return request;
  }

  /// "1: 1+10" for each partition of a layout: number, offset and size in MiB; "*" behind what holds others.
  static std::vector<std::string> lines(const Layout& layout) {
    std::vector<std::string> lines;
    for (const Partition& partition : layout.partitions) {
      lines.push_back(fmt::format("{}: {}+{}{}", partition.number, in_mib(partition.offset), in_mib(partition.size),
                                  partition.holds_partitions ? "*" : ""));
    }
    return lines;
  }
  static std::string in_mib(std::uint64_t bytes) {
    return fmt::format("{:g}", static_cast<double>(bytes) / static_cast<double>(kMiB));
  }

  std::vector<std::string> planned(std::vector<PartitionRequest> partitions,
                                   std::optional<std::uint64_t> disk_size = {}) {
    const TableRequest wanted = request(std::move(partitions), disk_size);
    const Layout layout = table_.plan(wanted, context_);
    expect_read_back(wanted, layout);
    return lines(layout);
  }

  /// What is planned is what is read again, and sfdisk finds nothing wrong with it.
  void expect_read_back(const TableRequest& wanted, const Layout& layout) {
    const BlobPtr disk = table_.compose(wanted, layout, {}, context_);
    const Layout opened = table_.open(*disk, context_);
    std::vector<std::string> expected = lines(layout);
    std::erase_if(expected, [](const std::string& line) { return line.starts_with("0:"); });
    EXPECT_THAT(lines(opened), testing::UnorderedElementsAreArray(expected));
    EXPECT_EQ(boot_records(opened), boot_records(layout));
    const std::filesystem::path path = directory_.path() / "disk.img";
    test::write_blob(*disk, path);
    EXPECT_THAT(run_tool("sfdisk --verify " + path.string()).output, HasSubstr("No errors detected."));
    EXPECT_EQ(warnings(), "");
  }

  static std::vector<std::uint64_t> boot_records(const Layout& layout) {
    std::vector<std::uint64_t> offsets;
    for (const TableStructure& structure : layout.structures) {
      if (structure.name == kBootRecordName) offsets.push_back(structure.offset);
    }
    return offsets;
  }

  std::string refused(std::vector<PartitionRequest> partitions, std::optional<std::uint64_t> disk_size = {}) {
    return error_of([&] { table_.plan(request(std::move(partitions), disk_size), context_); }).second;
  }

  MbrTable table_{MbrOptions{}};
};

// --- By itself ------------------------------------------------------------------------------------------------------

TEST_F(LogicalPartitions, FourFitWithoutThem) {
  EXPECT_THAT(planned({4, linux_partition(1)}), ElementsAre("1: 1+1", "2: 2+1", "3: 3+1", "4: 4+1"));
}

TEST_F(LogicalPartitions, OfMoreThanFourTheFirstThreeArePrimary) {
  EXPECT_THAT(planned({6, linux_partition(1)}),
              ElementsAre("1: 1+1", "2: 2+1", "3: 3+1", "5: 5+1", "6: 7+1", "7: 9+1", "4: 4+6*"));
}

TEST_F(LogicalPartitions, OnesThatSayPrimaryStayPrimary) {
  EXPECT_THAT(planned({linux_partition(1), linux_partition(1), linux_partition(1), linux_partition(1),
                       linux_partition(1, "logical=false")}),
              ElementsAre("1: 1+1", "2: 2+1", "5: 4+1", "6: 6+1", "4: 7+1", "3: 3+4*"));
}

TEST_F(LogicalPartitions, ASingleOneIsMadeWhenItIsAskedFor) {
  EXPECT_THAT(planned({linux_partition(1), linux_partition(1, "logical=true"), linux_partition(1)}),
              ElementsAre("1: 1+1", "5: 3+1", "3: 4+1", "2: 2+2*"));
  EXPECT_THAT(planned({linux_partition(1, "logical=true")}), ElementsAre("5: 2+1", "1: 1+2*"));
}

TEST_F(LogicalPartitions, WhatIsListedBetweenThemIsLogical) {
  EXPECT_THAT(planned({linux_partition(1, "logical=true"), linux_partition(1), linux_partition(1, "logical=true")}),
              ElementsAre("5: 2+1", "6: 4+1", "7: 6+1", "1: 1+6*"));
}

TEST_F(LogicalPartitions, OneTakesWhatRemains) {
  PartitionRequest rest = linux_partition(0);
  rest.size = kRemaining;
  EXPECT_THAT(
      planned({linux_partition(1), linux_partition(1), linux_partition(1), rest, linux_partition(1)}, 64 * kMiB),
      ElementsAre("1: 1+1", "2: 2+1", "3: 3+1", "5: 5+57", "6: 63+1", "4: 4+60*"));
  // A primary in front of them, too.
  EXPECT_THAT(planned({rest, linux_partition(1, "logical=true")}, 64 * kMiB),
              ElementsAre("1: 1+61", "5: 63+1", "2: 62+2*"));
}

TEST_F(LogicalPartitions, OffsetsByHandLeaveASectorForTheBootRecord) {
  PartitionRequest early = linux_partition(1, "logical=true");
  early.offset = 3 * kMiB;
  PartitionRequest late = linux_partition(1, "logical=true");
  late.offset = 4 * kMiB + 512;
  EXPECT_THAT(planned({late, early}), ElementsAre("6: 4.00049+1", "5: 3+1", "1: 2.99951+2.00098*"));
  late.offset = 4 * kMiB;  // no sector is left
  EXPECT_THAT(refused({late, early}), AllOf(HasSubstr("overlap"), HasSubstr("partition 6 (")));
}

TEST_F(LogicalPartitions, AnAlignmentOfTheirOwnIsKept) {
  PartitionRequest coarse = linux_partition(1, "logical=true");
  coarse.alignment = 4 * kMiB;
  PartitionRequest fine = linux_partition(1, "logical=true");
  fine.alignment = 4 * kKiB;
  EXPECT_THAT(planned({coarse, fine}), ElementsAre("5: 4+1", "6: 5.00391+1", "1: 3+3.00391*"));
}

TEST_F(LogicalPartitions, PrimariesAmidThemAreRefused) {
  EXPECT_THAT(refused({linux_partition(1, "logical=true"), linux_partition(1, "logical=false"),
                       linux_partition(1, "logical=true")}),
              AllOf(HasSubstr("partition 2 (3 MiB to 4 MiB) would lie amid the logical partitions"),
                    HasSubstr("spans from 1 MiB to 6 MiB")));
  EXPECT_THAT(refused({5, linux_partition(1, "logical=false")}), HasSubstr("5 primary partitions: mbr holds 4"));
  EXPECT_THAT(refused({linux_partition(1, "logical=false"), linux_partition(1, "logical=false"),
                       linux_partition(1, "logical=false"), linux_partition(1, "logical=false"), linux_partition(1)}),
              HasSubstr("4 primary partitions and an extended one"));
}

TEST_F(LogicalPartitions, ThereIsAnEndToTheChain) {
  EXPECT_THAT(refused({1028, linux_partition(1)}), HasSubstr("1025 logical partitions"));
  const TableRequest wanted = request({1027, linux_partition(1)});
  const BlobPtr disk = table_.compose(wanted, table_.plan(wanted, context_), {}, context_);
  EXPECT_THAT(warnings(), HasSubstr("numbered up to 1028: fdisk and sfdisk leave out those behind 60"));
  EXPECT_EQ(table_.open(*disk, context_).partitions.back().number, 1028U);
}

TEST_F(LogicalPartitions, TheTypeSaysWhetherChsReachesTheEnd) {
  EXPECT_EQ(table_.plan(request({5, linux_partition(1)}), context_).partitions.back().type, "0x05");
  EXPECT_EQ(table_.plan(request({5, linux_partition(3000)}), context_).partitions.back().type, "0x0f");
}

// --- By hand --------------------------------------------------------------------------------------------------------

TEST_F(LogicalPartitions, AnExtendedPartitionByHandHoldsThoseListedBehindIt) {
  const PartitionRequest sized = partition("", "extended", 20 * kMiB);
  EXPECT_THAT(
      planned({linux_partition(1), sized, linux_partition(1), linux_partition(2), linux_partition(1, "logical=false")}),
      ElementsAre("1: 1+1", "2: 2+20*", "5: 3+1", "6: 5+2", "3: 22+1"));
  EXPECT_THAT(planned({linux_partition(1), partition("", "0x0f", kSpans), linux_partition(1), linux_partition(2)}),
              ElementsAre("1: 1+1", "2: 2+5*", "5: 3+1", "6: 5+2"));
  EXPECT_THAT(planned({partition("", "linux-extended", kRemaining), linux_partition(1)}, 32 * kMiB),
              ElementsAre("1: 1+31*", "5: 2+1"));
  EXPECT_THAT(planned({partition("", "extended", 4 * kMiB)}), ElementsAre("1: 1+4*"));
  EXPECT_THAT(planned({linux_partition(1, "logical=true"), partition("", "extended", kSpans)}),
              ElementsAre("5: 2+1", "1: 1+2*"));
}

TEST_F(LogicalPartitions, AnExtendedPartitionOfASectorStandsInForOneWhoseSizeIsNotKnownYet) {
  EXPECT_THAT(planned({partition("", "extended", 512), linux_partition(1)}), ElementsAre("1: 1+2*", "5: 2+1"));
}

TEST_F(LogicalPartitions, AnExtendedPartitionWithAnOffsetBeginsThere) {
  EXPECT_THAT(planned({partition("", "extended", kSpans, 8 * kMiB), linux_partition(1), linux_partition(1)}),
              ElementsAre("1: 8+4*", "5: 9+1", "6: 11+1"));
  PartitionRequest rest = linux_partition(1);
  rest.size = kRemaining;
  EXPECT_THAT(planned({partition("", "extended", kSpans, 8 * kMiB), rest}, 32 * kMiB),
              ElementsAre("1: 8+24*", "5: 9+23"));
  EXPECT_THAT(planned({partition("", "extended", 8 * kMiB, 8 * kMiB), rest}, 32 * kMiB),
              ElementsAre("1: 8+8*", "5: 9+7"));
}

TEST_F(LogicalPartitions, AGapAndAnAlignmentOfTheExtendedPartitionAreKept) {
  PartitionRequest extended = partition("", "extended", kSpans);
  extended.gap = 2 * kMiB;
  extended.alignment = 4 * kMiB;
  EXPECT_THAT(planned({linux_partition(1), extended, linux_partition(1)}), ElementsAre("1: 1+1", "2: 4+5*", "5: 8+1"));
}

TEST_F(LogicalPartitions, WhatDoesNotFitInTheExtendedPartitionIsRefused) {
  const PartitionRequest extended = partition("", "extended", 4 * kMiB, 8 * kMiB);
  EXPECT_THAT(refused({extended, linux_partition(4)}),
              AllOf(HasSubstr("partition 5 does not fit on an extended partition of 4 MiB: it would cover 9 MiB to 13 "
                              "MiB; set the extended partition's size to \"auto\" or at least \"5 MiB\""),
                    HasSubstr("the end of the extended partition")));
  PartitionRequest in_front = linux_partition(1);
  in_front.offset = 4 * kMiB;
  EXPECT_THAT(refused({extended, in_front}),
              HasSubstr("offset 4 MiB lies in front of the extended partition, which begins at 8 MiB"));
  in_front.offset = 8 * kMiB;
  EXPECT_THAT(refused({extended, in_front}), HasSubstr("lies in the first 512 bytes of the extended partition"));
}

TEST_F(LogicalPartitions, WhatMakesNoSenseIsRefused) {
  const PartitionRequest extended = partition("more", "extended", 4 * kMiB);
  EXPECT_THAT(refused({extended, extended}), HasSubstr("are both extended: mbr has one at most"));
  EXPECT_THAT(refused({partition("", "extended", kSpans)}), HasSubstr("has no logical partitions"));
  PartitionRequest logical = extended;
  logical.options = parse_option_text("logical=true");
  EXPECT_THAT(refused({logical}), HasSubstr("partition 1 (\"more\"): an extended partition holds logical ones"));
  const TableRequest wanted = request({extended, linux_partition(1)});
  EXPECT_THAT(
      error_of([&] { table_.compose(wanted, table_.plan(wanted, context_), {make_hole_blob(512)}, context_); }).second,
      HasSubstr("is extended: it holds partitions, and nothing else"));
}

// --- The judges -----------------------------------------------------------------------------------------------------

/// The blocks of a disk that are not all zero, by offset: boot records may be anywhere.
std::map<std::uint64_t, std::vector<std::byte>> stored_blocks(const std::filesystem::path& path) {
  constexpr std::uint64_t kBlock = 4096;
  const BlobPtr disk = open_file_blob(path);
  std::map<std::uint64_t, std::vector<std::byte>> blocks;
  for (const DataExtent& extent : data_extents(*disk, 0, disk->size(), kBlock)) {
    for (std::uint64_t offset = extent.offset; offset < extent.offset + extent.length; offset += kBlock) {
      std::vector<std::byte> bytes(kBlock);
      disk->read(offset, bytes);
      if (!is_zero(bytes)) blocks.emplace(offset, std::move(bytes));
    }
  }
  return blocks;
}

void expect_equal_disks(const std::filesystem::path& ours, const std::filesystem::path& theirs) {
  EXPECT_EQ(std::filesystem::file_size(ours), std::filesystem::file_size(theirs));
  EXPECT_EQ(stored_blocks(ours), stored_blocks(theirs));
}

TEST_F(LogicalPartitions, TheBytesAreThoseOfSfdisk) {
  MbrOptions options;
  options.disk_signature = 0xdeadbeef;
  MbrTable table(options);
  PartitionRequest active = linux_partition(5, "bootable=true");
  active.type = "swap";
  PartitionRequest rest = linux_partition(1);
  rest.size = kRemaining;
  for (const std::uint64_t size : {100 * kMiB, 3 * kGiB}) {
    const auto ours =
        make_disk(table, request({linux_partition(10), linux_partition(10), partition("", "extended", kRemaining),
                                  linux_partition(10), active, rest},
                                 size));
    const auto theirs = directory_.path() / "sfdisk.img";
    const auto made =
        run_tool(fmt::format("rm -f {0}; truncate -s {1} {0} && printf 'label: dos\\nlabel-id: "
                             "0xdeadbeef\\nsize=10M\\nsize=10M\\ntype=5\\nsize=10M\\nsize=5M,type=82,"
                             "bootable\\n type=83\\n' | sfdisk -q {0}",
                             theirs.string(), size));
    ASSERT_EQ(made.exit_code, 0) << made.output;
    expect_equal_disks(ours, theirs);
  }
}

TEST_F(LogicalPartitions, TheBytesAreThoseOfFdiskWithSectorsOf4096Bytes) {
  MbrOptions options;
  options.disk_signature = 0xdeadbeef;
  MbrTable table(options);
  const auto ours = make_disk(table, request({linux_partition(10), partition("", "extended", kRemaining),
                                              linux_partition(10), linux_partition(5)},
                                             64 * kMiB, 4096));
  const auto theirs = directory_.path() / "fdisk.img";
  const auto made =
      run_tool(fmt::format("truncate -s 64M {0} && printf 'o\\nn\\np\\n1\\n\\n+10M\\nn\\ne\\n2\\n\\n\\nn\\n"
                           "\\n+10M\\nn\\n\\n+5M\\nx\\ni\\n0xdeadbeef\\nr\\nw\\n' | fdisk -b 4096 "
                           "{0}",
                           theirs.string()));
  ASSERT_EQ(made.exit_code, 0) << made.output;
  expect_equal_disks(ours, theirs);
}

TEST_F(LogicalPartitions, PartedAndPartxAgree) {
  const auto path = make_disk(table_, request({6, linux_partition(1)}, 16 * kMiB));
  EXPECT_THAT(run_tool("parted -sm " + path.string() + " unit s print").output,
              AllOf(HasSubstr("\n4:8192s:20479s:12288s:::;"), HasSubstr("\n5:10240s:12287s:2048s:::;"),
                    HasSubstr("\n7:18432s:20479s:2048s:::;"), Not(HasSubstr("Error"))));
  EXPECT_THAT(run_tool("partx --raw -o NR,START,END,TYPE " + path.string()).output,
              AllOf(HasSubstr("4 8192 20479 0x5"), HasSubstr("6 14336 16383 0x83")));
}

TEST_F(LogicalPartitions, TheSameRequestGivesTheSameBytes) {
  const TableRequest wanted = request({6, linux_partition(1)}, 16 * kMiB);
  const auto bytes = [&] {
    return read_all(*table_.compose(wanted, table_.plan(wanted, context_), {}, context_), 16 * kMiB);
  };
  EXPECT_EQ(bytes(), bytes());
}

// --- Disks of others ------------------------------------------------------------------------------------------------

TEST_F(LogicalPartitions, ALongChainOfParted) {
  const auto path = directory_.path() / "parted.img";
  std::string commands = "mklabel msdos mkpart extended 2048s 131071s";
  for (int index = 0; index < 20; ++index) {
    commands += fmt::format(" mkpart logical {}s {}s", 4096 + index * 4096, 4096 + index * 4096 + 2047);
  }
  const auto made =
      run_tool(fmt::format("truncate -s 64M {0} && parted -s -a none {0} unit s {1}", path.string(), commands));
  ASSERT_EQ(made.exit_code, 0) << made.output;
  const Layout layout = table_.open(*open_file_blob(path), context_);
  ASSERT_EQ(layout.partitions.size(), 21U);
  EXPECT_EQ(layout.partitions.back().number, 24U);
  EXPECT_EQ(layout.partitions.back().offset, (4096U + 19 * 4096) * 512);
  EXPECT_EQ(warnings(), "");
}

}  // namespace
}  // namespace fstool::mbr

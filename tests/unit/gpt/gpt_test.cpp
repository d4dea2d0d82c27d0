#include "gpt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <tuple>
#include <vector>

#include "partition_table_fixture.h"

namespace fstool::gpt {
namespace {

using test::error_of;
using test::kGiB;
using test::kKiB;
using test::kMiB;
using test::run_tool;
using testing::HasSubstr;
using testing::Not;

constexpr std::optional<std::uint64_t> kRemaining;

class Gpt : public test::PartitionTableFixture {
 protected:
  GptTable table_{GptOptions{}};
};

std::string file_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(Gpt, SgdiskFindsNoProblems) {
  const auto path =
      make_disk(table_, request({partition("ESP", "esp", 33 * kMiB), partition("root", "linux", kRemaining),
                                 partition("swap", "linux-swap", 8 * kMiB)},
                                256 * kMiB));
  const auto verdict = run_tool("sgdisk -v " + path.string());
  EXPECT_EQ(verdict.exit_code, 0);
  EXPECT_THAT(verdict.output, HasSubstr("No problems found."));
  EXPECT_THAT(verdict.output, Not(HasSubstr("Caution")));
  EXPECT_THAT(verdict.output, Not(HasSubstr("Warning")));
}

TEST_F(Gpt, SfdiskFdiskAndPartedAgreeOnTheContents) {
  const auto path = make_disk(
      table_, request({partition("ESP", "esp", 33 * kMiB), partition("root", "linux", kRemaining)}, 256 * kMiB));
  const auto verified = run_tool("sfdisk --verify " + path.string());
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
  EXPECT_THAT(verified.output, HasSubstr("No errors detected."));

  const auto listed = run_tool("sfdisk --json " + path.string());
  EXPECT_THAT(listed.output, HasSubstr("\"label\": \"gpt\""));
  EXPECT_THAT(listed.output, HasSubstr("\"firstlba\": 34"));
  EXPECT_THAT(listed.output, HasSubstr("\"lastlba\": 524254"));
  EXPECT_THAT(listed.output, HasSubstr("\"start\": 2048,\n            \"size\": 67584,\n            \"type\": "
                                       "\"C12A7328-F81F-11D2-BA4B-00A0C93EC93B\""));
  EXPECT_THAT(listed.output, HasSubstr("\"name\": \"ESP\""));
  EXPECT_THAT(listed.output, HasSubstr("\"start\": 69632,\n            \"size\": 452608"));

  const auto fdisk = run_tool("fdisk -l " + path.string());
  EXPECT_THAT(fdisk.output, HasSubstr("Disklabel type: gpt"));
  EXPECT_THAT(fdisk.output, Not(HasSubstr("PMBR")));
  EXPECT_THAT(fdisk.output, Not(HasSubstr("corrupt")));

  const auto parted = run_tool("parted -sm " + path.string() + " unit s print");
  EXPECT_EQ(parted.exit_code, 0) << parted.output;
  EXPECT_THAT(parted.output, HasSubstr("1:2048s:69631s:67584s::ESP:boot, esp;"));
  EXPECT_THAT(parted.output, HasSubstr("2:69632s:522239s:452608s::root:;"));
}

TEST_F(Gpt, ToolsAcceptSectorsOf4096Bytes) {
  const auto path = make_disk(
      table_, request({partition("a", "linux", 10 * kMiB), partition("b", "home", kRemaining)}, 64 * kMiB, 4096));
  const auto fdisk = run_tool("printf 'v\\nq\\n' | fdisk -b 4096 " + path.string());
  EXPECT_THAT(fdisk.output, HasSubstr("No errors detected."));
  EXPECT_THAT(fdisk.output, Not(HasSubstr("PMBR")));

  const auto parted = run_tool("PARTED_SECTOR_SIZE=4096 parted -sm " + path.string() + " unit s print");
  EXPECT_EQ(parted.exit_code, 0) << parted.output;
  EXPECT_THAT(parted.output, HasSubstr("16384s:file:4096:4096:gpt"));
  EXPECT_THAT(parted.output, HasSubstr("1:256s:2815s:2560s::a:;"));
  EXPECT_THAT(parted.output, HasSubstr("2:2816s:16127s:13312s::b:"));

  // partx counts sectors of 512 bytes, whatever the disk's are.
  const auto partx = run_tool("partx --sector-size 4096 --raw -o NR,START,END,NAME " + path.string());
  EXPECT_THAT(partx.output, HasSubstr("1 2048 22527 a"));
  EXPECT_THAT(partx.output, HasSubstr("2 22528 129023 b"));
}

TEST_F(Gpt, WritesTheBytesThatSgdiskWrites) {
  for (const std::uint64_t size : {3 * kMiB, 64 * kMiB, 7 * kGiB}) {
    GptOptions options;
    options.disk_guid = Uuid::parse("11111111-2222-3333-4444-555555555555");
    GptTable table(options);
    const auto ours = make_disk(table, request({partition("Grüße 🚀", "linux", kMiB)}, size));
    const std::string uuid = table.open(*open_file_blob(ours), context_).partitions.at(0).uuid;
    const auto theirs = directory_.path() / "sgdisk.img";
    const auto made =
        run_tool("truncate -s " + std::to_string(size) + " " + theirs.string() +
                 " && LC_ALL=C.UTF-8 sgdisk -o -U 11111111-2222-3333-4444-555555555555 -n 1:2048:4095 -u 1:" + uuid +
                 " -c '1:Grüße 🚀' " + theirs.string());
    ASSERT_EQ(made.exit_code, 0) << made.output;
    test::expect_equal_tables(ours, theirs);
    std::filesystem::remove(theirs);
  }
}

TEST_F(Gpt, ProtectiveMbrOfAHugeDiskIsClamped) {
  const BlobPtr disk = disk_of(table_, request({}, 3 * 1024 * kGiB));
  std::vector<std::byte> record(16);
  disk->read(446, record);
  const unsigned char expected[] = {0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
  EXPECT_TRUE(std::equal(record.begin(), record.end(), std::as_bytes(std::span(expected)).begin()));
}

TEST_F(Gpt, ContentsLieInTheirPartitions) {
  const BlobPtr disk = disk_of(table_, request({partition("a", "linux", kMiB), partition("b", "linux", kMiB)}),
                               {make_memory_blob(std::vector<std::byte>(1000, std::byte{0x55})), nullptr});
  EXPECT_EQ(disk->size(), 4 * kMiB);
  std::vector<std::byte> bytes(1024);
  disk->read(kMiB, bytes);
  EXPECT_EQ(bytes[0], std::byte{0x55});
  EXPECT_EQ(bytes[999], std::byte{0x55});
  EXPECT_EQ(bytes[1000], std::byte{0});
  EXPECT_TRUE(disk->run_at(2 * kMiB).hole);
}

TEST_F(Gpt, AContentLargerThanItsPartitionIsRefused) {
  const auto [code, text] =
      error_of([&] { disk_of(table_, request({partition("boot", "linux", kMiB)}), {make_hole_blob(kMiB + 1)}); });
  EXPECT_EQ(code, ErrorCode::NoSpace);
  EXPECT_THAT(text, HasSubstr("partition 1 (\"boot\") of 1 MiB is too small for its content of 1048577 bytes (1 MiB)"));
}

TEST_F(Gpt, IdentifiersComeFromTheSeed) {
  const TableRequest wanted = request({partition("a", "linux", kMiB), partition("b", "linux", kMiB)});
  const Layout first = table_.plan(wanted, context_);
  const Layout again = table_.plan(wanted, context_);
  EXPECT_EQ(first.disk_id, again.disk_id);
  EXPECT_EQ(first.partitions[0].uuid, again.partitions[0].uuid);
  EXPECT_NE(first.partitions[0].uuid, first.partitions[1].uuid);
  EXPECT_NE(first.partitions[0].uuid, first.disk_id);

  TableRequest other = wanted;
  other.seed = Seed("other");
  EXPECT_NE(table_.plan(other, context_).disk_id, first.disk_id);
}

TEST_F(Gpt, NamesMustFitTheEntry) {
  const auto refused = [&](std::string name) {
    const auto [code, text] =
        error_of([&] { table_.plan(request({partition(std::move(name), "linux", kMiB)}), context_); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument);
    return text;
  };
  EXPECT_THAT(refused(std::string(37, 'x')), HasSubstr("needs 37 UTF-16 code units, gpt has room for 36"));
  EXPECT_THAT(refused("a\xff"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(refused("\xed\xa0\x80"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(refused("\xc3"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(refused(std::string("a\0b", 3)), HasSubstr("NUL"));

  std::string rockets;  // 18 characters of two code units each
  for (int count = 0; count < 18; ++count) rockets += "🚀";
  const auto path = make_disk(table_, request({partition(rockets, "linux", kMiB)}));
  EXPECT_EQ(table_.open(*open_file_blob(path), context_).partitions.at(0).name, rockets);
  EXPECT_THAT(refused(rockets + "x"), HasSubstr("needs 37"));
}

TEST_F(Gpt, HoldsA128PartitionsAndNoMore) {
  std::vector<PartitionRequest> wanted(128, partition("p", "linux", 4 * kKiB));
  const auto path = make_disk(table_, request(wanted));
  EXPECT_THAT(run_tool("sgdisk -v " + path.string()).output, HasSubstr("No problems found."));
  EXPECT_EQ(table_.open(*open_file_blob(path), context_).partitions.size(), 128U);

  wanted.push_back(wanted.front());
  EXPECT_THAT(error_of([&] { table_.plan(request(wanted), context_); }).second, HasSubstr("gpt holds at most 128"));
}

TEST_F(Gpt, OpensWhatItMade) {
  for (const std::uint32_t sector_size : {512U, 4096U}) {
    const TableRequest wanted = request(
        {partition("first", "esp", kMiB), partition("", "0FC63DAF-8483-4772-8E79-3D69D8477DE4", 12288, 4 * kMiB)},
        8 * kMiB, sector_size);
    const Layout planned = table_.plan(wanted, context_);
    const BlobPtr disk = table_.compose(wanted, planned, {nullptr, nullptr}, context_);
    EXPECT_TRUE(table_.probe(*disk));
    const Layout opened = table_.open(*disk, context_);
    EXPECT_EQ(opened.disk_id, planned.disk_id);
    EXPECT_EQ(opened.disk_size, planned.disk_size);
    EXPECT_EQ(opened.sector_size, sector_size);
    ASSERT_EQ(opened.partitions.size(), 2U);
    for (std::size_t index = 0; index < 2; ++index) {
      EXPECT_EQ(opened.partitions[index].number, planned.partitions[index].number);
      EXPECT_EQ(opened.partitions[index].name, planned.partitions[index].name);
      EXPECT_EQ(opened.partitions[index].type, planned.partitions[index].type);
      EXPECT_EQ(opened.partitions[index].type_name, planned.partitions[index].type_name);
      EXPECT_EQ(opened.partitions[index].uuid, planned.partitions[index].uuid);
      EXPECT_EQ(opened.partitions[index].offset, planned.partitions[index].offset);
      EXPECT_EQ(opened.partitions[index].size, planned.partitions[index].size);
    }
    EXPECT_EQ(opened.partitions[0].type_name, "esp");
    EXPECT_EQ(opened.partitions[1].type_name, "linux");
  }
  EXPECT_EQ(warnings(), "");
}

TEST_F(Gpt, OpenedDisksNameTheStructuresOfTheTable) {
  for (const std::uint32_t sector_size : {512U, 4096U}) {
    const auto path = make_disk(table_, request({partition("a", "linux", 10 * kMiB)}, 64 * kMiB, sector_size));
    std::vector<std::tuple<std::string, std::uint64_t, std::uint64_t>> structures;
    for (const TableStructure& each : table_.open(*open_file_blob(path), context_).structures) {
      structures.emplace_back(each.name, each.offset, each.size);
    }
    constexpr std::uint64_t kArray = 16 * 1024;
    const std::uint64_t end = 64 * kMiB;
    EXPECT_THAT(structures,
                testing::ElementsAre(std::tuple("protective MBR", 0, sector_size),
                                     std::tuple("GPT header", sector_size, sector_size),
                                     std::tuple("GPT partition entries", 2 * sector_size, kArray),
                                     std::tuple("backup GPT partition entries", end - sector_size - kArray, kArray),
                                     std::tuple("backup GPT header", end - sector_size, sector_size)));
  }
}

TEST_F(Gpt, KeepsNumbersAndAttributesOfAnOpenedDisk) {
  const auto path = directory_.path() / "gaps.img";
  ASSERT_EQ(run_tool("truncate -s 16M " + path.string() +
                     " && sgdisk -n 3:2048:4095 -n 7:4096:8191 -A 7:set:2 -t 7:ef00 " + path.string())
                .exit_code,
            0);
  const BlobPtr disk = open_file_blob(path);
  const Layout layout = table_.open(*disk, context_);
  ASSERT_EQ(layout.partitions.size(), 2U);
  EXPECT_EQ(layout.partitions[0].number, 3U);
  EXPECT_EQ(layout.partitions[1].number, 7U);
  EXPECT_EQ(layout.partitions[1].attributes, 4U);
  test::write_blob(*table_.compose(request({}), layout, {nullptr, nullptr}, context_), directory_.path() / "again.img");
  EXPECT_EQ(file_bytes(path), file_bytes(directory_.path() / "again.img"));
}

}  // namespace
}  // namespace fstool::gpt

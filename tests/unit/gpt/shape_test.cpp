// Tables of other shapes than the usual one: arrays of other lengths and places, no backup, payloads and boot code in
// front, hybrid MBRs. Byte for byte against sgdisk, sfdisk and genimage, where they make such tables.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

#include "gpt.h"
#include "partition_options.h"
#include "partition_table_fixture.h"
#include "table_writer.h"

namespace fstool::gpt {
namespace {

using test::error_of;
using test::kKiB;
using test::kMiB;
using test::run_tool;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kDiskGuid = "11111111-2222-3333-4444-555555555555";
constexpr const char* kFirstGuid = "aaaaaaaa-0000-0000-0000-000000000001";
constexpr const char* kSecondGuid = "aaaaaaaa-0000-0000-0000-000000000002";

GptOptions shaped(std::uint32_t entries, std::optional<std::uint64_t> table_offset = {}, bool backup = true) {
  GptOptions options;
  options.disk_guid = Uuid::parse(kDiskGuid);
  options.entries = entries;
  if (table_offset) options.table_offset = Bytes{*table_offset};
  options.backup = backup;
  return options;
}

OptionEntry option(std::string key, decltype(OptionValue::data) data) {
  return {std::move(key), {std::move(data), false, nullptr}, nullptr};
}
OptionEntry hybrid(std::int64_t type) { return option("hybrid", type); }
OptionEntry attributes(const std::vector<std::string>& words) {
  OptionValue::Array array;
  for (const std::string& word : words) array.push_back({word, false, nullptr});
  return option("attributes", std::move(array));
}

class GptShape : public test::PartitionTableFixture {
 protected:
  static PartitionRequest with_guid(PartitionRequest wanted, const char* uuid) {
    wanted.uuid = uuid;
    return wanted;
  }
  static PartitionRequest payload(std::string name, std::uint64_t offset, std::uint64_t size,
                                  std::vector<DiskRange> holes = {}) {
    PartitionRequest wanted = partition(std::move(name), "", size, offset);
    wanted.in_table = false;
    wanted.holes = std::move(holes);
    return wanted;
  }

  std::filesystem::path their_disk() const { return directory_.path() / "theirs.img"; }

  void make_theirs(std::uint64_t size, const std::string& command) {
    std::filesystem::remove(their_disk());
    const auto made = run_tool("truncate -s " + std::to_string(size) + " " + their_disk().string() + " && " + command);
    ASSERT_EQ(made.exit_code, 0) << made.output;
  }

  /// genimage makes `theirs.img` with this hdimage section and these partitions; contents are 100 KiB of zeros.
  void make_by_genimage(const std::string& section, const std::string& partitions) {
    const std::string root = directory_.path().string();
    const auto made = run_tool("cd " + root + " && mkdir -p root tmp && truncate -s 100K zeros && printf '%s' '" +
                               "image theirs.img { size = 16M\n hdimage { disk-uuid = \"" + kDiskGuid + "\" " +
                               section + " }\n" + partitions +
                               " }' > c && rm -rf tmp/* && genimage --config c --rootpath root "
                               "--tmppath tmp --inputpath . --outputpath .");
    ASSERT_EQ(made.exit_code, 0) << made.output;
    std::filesystem::resize_file(their_disk(), 16 * kMiB);
  }

  void expect_sound(const std::filesystem::path& path) {
    EXPECT_THAT(run_tool("sgdisk -v " + path.string()).output, HasSubstr("No problems found."));
    EXPECT_THAT(run_tool("sfdisk --verify " + path.string()).output, HasSubstr("No errors detected."));
    GptTable(GptOptions{}).check(*open_file_blob(path), context_);
    EXPECT_EQ(warnings(), "");
  }

  static std::vector<std::tuple<std::string, std::uint64_t, std::uint64_t>> structures(const Layout& layout) {
    std::vector<std::tuple<std::string, std::uint64_t, std::uint64_t>> found;
    for (const TableStructure& each : layout.structures) found.emplace_back(each.name, each.offset, each.size);
    return found;
  }
};

// --- The array ------------------------------------------------------------------------------------------------------

TEST_F(GptShape, ArraysOfEachLengthAreWhatSgdiskMakes) {
  for (const std::uint32_t entries : {4U, 132U, 256U}) {
    GptTable table(shaped(entries));
    const auto ours =
        make_disk(table, request({with_guid(partition("a", "linux", kMiB, kMiB), kFirstGuid)}, 16 * kMiB));
    make_theirs(16 * kMiB, "sgdisk -o -S " + std::to_string(entries) + " -U " + kDiskGuid +
                               " -n 1:2048:4095 -c 1:a -u 1:" + kFirstGuid + " " + their_disk().string());
    test::expect_equal_tables(ours, their_disk());
    expect_sound(ours);
  }
}

TEST_F(GptShape, ArraysThatFillNoWholeSectorsAreWhatSfdiskMakes) {
  for (const std::uint32_t entries : {1U, 2U, 5U, 127U, 129U, 255U}) {
    GptTable table(shaped(entries));
    const auto ours =
        make_disk(table, request({with_guid(partition("a", "linux", kMiB, kMiB), kFirstGuid)}, 16 * kMiB));
    const std::uint64_t first_usable = 2 + (std::uint64_t{entries} * 128 + 511) / 512;
    make_theirs(16 * kMiB, "printf 'label: gpt\\nlabel-id: " + std::string(kDiskGuid) + "\\ntable-length: " +
                               std::to_string(entries) + "\\nfirst-lba: " + std::to_string(first_usable) +
                               "\\n1: start=2048 size=2048 name=a uuid=" + kFirstGuid + "\\n' | sfdisk -q " +
                               their_disk().string());
    // Of the protective record's end sfdisk says that no CHS address expresses it, whatever the size of the disk.
    run_tool("dd status=none conv=notrunc bs=1 skip=451 seek=451 count=3 if=" + ours.string() +
             " of=" + their_disk().string());
    test::expect_equal_tables(ours, their_disk());
    expect_sound(ours);
  }
}

TEST_F(GptShape, HoldsAsManyPartitionsAsItHasEntries) {
  for (const std::uint32_t entries : {1U, 200U, kMaxEntries}) {
    GptTable table(shaped(entries));
    std::vector<PartitionRequest> wanted(std::min(entries, 200U), partition("p", "linux", 4 * kKiB));
    const Layout layout = table.open(*disk_of(table, request(wanted)), context_);
    EXPECT_EQ(layout.partitions.size(), wanted.size());
    EXPECT_EQ(layout.structures[2].size, round_up(std::uint64_t{entries} * 128, 512));
  }
  GptTable table(shaped(1));
  const auto two = request({partition("a", "linux", kMiB), partition("b", "linux", kMiB)});
  EXPECT_THAT(error_of([&] { table.plan(two, context_); }).second, HasSubstr("gpt holds at most 1"));
  EXPECT_EQ(warnings(), "");
}

TEST_F(GptShape, TheDiskHasAGuid) {
  GptOptions options = shaped(128);
  options.disk_guid = Uuid();
  GptTable table(options);
  EXPECT_THAT(error_of([&] { table.plan(request({}), context_); }).second, HasSubstr("disk_guid is zero"));
}

TEST_F(GptShape, MovedArraysAreWhatSgdiskMakes) {
  for (const std::uint64_t lba : {34U, 2048U}) {
    GptTable table(shaped(128, lba * 512));
    const std::uint64_t start = lba < 2000 ? 2048 : 4096;
    const auto ours = make_disk(table, request({with_guid(partition("a", "linux", kMiB), kFirstGuid)}, 16 * kMiB));
    make_theirs(16 * kMiB, "sgdisk -o -j " + std::to_string(lba) + " -U " + kDiskGuid + " -n 1:" +
                               std::to_string(start) + ":+1M -c 1:a -u 1:" + kFirstGuid + " " + their_disk().string());
    test::expect_equal_tables(ours, their_disk());
    expect_sound(ours);
  }
}

TEST_F(GptShape, TableOffsetsMustBeSectorsBehindTheHeader) {
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{512}, std::uint64_t{1500}, UINT64_MAX - 511}) {
    GptTable table(shaped(128, offset));
    EXPECT_THAT(error_of([&] { table.plan(request({}), context_); }).second, HasSubstr("table_offset")) << offset;
  }
  GptTable table(shaped(128, 4096));
  EXPECT_THAT(error_of([&] { table.plan(request({}, {}, 4096), context_); }).second, HasSubstr("must be a multiple of "
                                                                                               "the 4096-byte"));
  EXPECT_EQ(error_of([&] { table.plan(request({}, {}, 0), context_); }).first, ErrorCode::InvalidArgument);
}

TEST_F(GptShape, SectorsOf4KiB) {
  GptTable table(shaped(256, 64 * kKiB));
  const auto path = make_disk(table, request({partition("a", "linux", kMiB)}, 16 * kMiB, 4096));
  EXPECT_THAT(run_tool("printf 'v\\nq\\n' | fdisk -b 4096 " + path.string()).output, HasSubstr("No errors detected."));
  EXPECT_THAT(structures(table.open(*open_file_blob(path), context_)),
              ElementsAre(std::tuple("protective MBR", 0, 4096), std::tuple("GPT header", 4096, 4096),
                          std::tuple("GPT partition entries", 64 * kKiB, 32 * kKiB),
                          std::tuple("backup GPT partition entries", 16 * kMiB - 36 * kKiB, 32 * kKiB),
                          std::tuple("backup GPT header", 16 * kMiB - 4 * kKiB, 4096)));
}

// --- Payloads and boot code -----------------------------------------------------------------------------------------

TEST_F(GptShape, PayloadsLieBetweenTheTablesStructuresAsWithGenimage) {
  GptTable table(shaped(128, kMiB));
  PartitionRequest root = with_guid(partition("root", "linux", 100 * kKiB, 8 * kMiB), kFirstGuid);
  const TableRequest wanted = request({payload("spl", 8 * kKiB, 100 * kKiB),
                                       with_guid(partition("a", "linux", 100 * kKiB, 2080 * 512), kSecondGuid), root},
                                      16 * kMiB);
  const Layout layout = table.plan(wanted, context_);
  EXPECT_EQ(layout.partitions[0].number, 0U);
  EXPECT_EQ(layout.partitions[0].offset, 8 * kKiB);
  EXPECT_EQ(layout.partitions[1].number, 1U);
  EXPECT_EQ(layout.partitions[2].number, 2U);
  const auto ours = make_disk(table, wanted);
  make_by_genimage("partition-table-type = \"gpt\" gpt-location = 1M",
                   std::string("partition spl { in-partition-table = false image = \"zeros\" offset = 8K }\n"
                               "partition a { image = \"zeros\" partition-type-uuid = L partition-uuid = \"") +
                       kSecondGuid +
                       "\" }\npartition root { image = \"zeros\" offset = 8M partition-type-uuid = L "
                       "partition-uuid = \"" +
                       kFirstGuid + "\" }\n");
  test::expect_equal_tables(ours, their_disk());
}

TEST_F(GptShape, PayloadsMayNotLieOnTheTable) {
  GptTable table(shaped(128));
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{512}, 8 * kKiB, 16 * kMiB - 4 * kKiB}) {
    const auto wanted = request({payload("loader", offset, 4 * kKiB)}, 16 * kMiB);
    EXPECT_EQ(error_of([&] { table.plan(wanted, context_); }).first, ErrorCode::NoSpace) << offset;
  }
  const auto with_holes = request({payload("loader", 0, 20 * kKiB, {{440, 72 + 512 + 16 * kKiB}})}, 16 * kMiB);
  EXPECT_EQ(table.plan(with_holes, context_).partitions.at(0).offset, 0U);
}

TEST_F(GptShape, BootCodeLiesInFrontOfTheRecords) {
  GptTable table(shaped(128));
  TableRequest wanted = request({partition("a", "linux", kMiB)}, 16 * kMiB);
  EXPECT_EQ(structures(table.plan(wanted, context_)).front(), std::tuple("protective MBR", 440, 72));
  std::vector<std::byte> code(440, std::byte{0x90});
  wanted.boot_code = make_memory_blob(code);
  EXPECT_THAT(structures(table.plan(wanted, context_)),
              ElementsAre(std::tuple("protective MBR", 0, 512), std::tuple("GPT header", 512, 512),
                          std::tuple("GPT partition entries", 1024, 16 * kKiB),
                          std::tuple("backup GPT partition entries", 16 * kMiB - 512 - 16 * kKiB, 16 * kKiB),
                          std::tuple("backup GPT header", 16 * kMiB - 512, 512)));
  const auto bytes = disk_bytes(table, wanted);
  EXPECT_TRUE(std::equal(code.begin(), code.end(), bytes.begin()));
  EXPECT_EQ(bytes[440], std::byte{0});
  EXPECT_EQ(bytes[450], std::byte{0xee});
  wanted.boot_code = make_memory_blob(std::vector<std::byte>(513));
  EXPECT_THAT(error_of([&] { disk_of(table, wanted); }).second, HasSubstr("boot code"));
}

// --- No backup ------------------------------------------------------------------------------------------------------

TEST_F(GptShape, TablesWithoutBackupAreWhatGenimageMakes) {
  GptTable table(shaped(128, std::nullopt, false));
  const auto wanted = request({with_guid(partition("a", "linux", 100 * kKiB, 34 * 512), kFirstGuid)}, 16 * kMiB);
  const auto ours = make_disk(table, wanted);
  make_by_genimage("partition-table-type = \"gpt\" gpt-no-backup = true",
                   std::string("partition a { image = \"zeros\" partition-type-uuid = L partition-uuid = \"") +
                       kFirstGuid + "\" }\n");
  test::expect_equal_tables(ours, their_disk());
  EXPECT_TRUE(disk_of(table, wanted)->run_at(16 * kMiB - 512).hole);
}

TEST_F(GptShape, ATableWithoutBackupIsNotDamaged) {
  GptTable table(shaped(128, std::nullopt, false));
  const auto path = make_disk(table, request({partition("a", "linux", std::nullopt)}, 16 * kMiB));
  const BlobPtr disk = open_file_blob(path);
  Context strict(registry_, {.threads = 1, .strict = true});
  EXPECT_THAT(structures(table.open(*disk, strict)),
              ElementsAre(std::tuple("protective MBR", 0, 512), std::tuple("GPT header", 512, 512),
                          std::tuple("GPT partition entries", 1024, 16 * kKiB)));
  EXPECT_THAT(table.repair(*disk, strict), testing::IsEmpty());
  table.check(*disk, context_);
  EXPECT_EQ(warnings(), "the table was made without a backup: the partitions are lost with the primary GPT\n");
  EXPECT_THAT(run_tool("sfdisk --json " + path.string()).output, HasSubstr("\"label\": \"gpt\""));
  EXPECT_THAT(run_tool("partx -o NR,START --raw " + path.string()).output, HasSubstr("1 2048"));
}

TEST_F(GptShape, ATableWithoutBackupGrowsWithoutOne) {
  GptTable table(shaped(128, std::nullopt, false));
  const auto path = make_disk(table, request({partition("a", "linux", std::nullopt)}, 16 * kMiB));
  const BlobPtr grown = table.grow(open_file_blob(path), 32 * kMiB, context_);
  EXPECT_EQ(table.open(*grown, context_).structures.size(), 3U);
  EXPECT_TRUE(grown->run_at(32 * kMiB - 512).hole);
  table.check(*grown, context_);
  EXPECT_EQ(warnings(), "the table was made without a backup: the partitions are lost with the primary GPT\n");
  // What sgdisk puts there later has its room.
  const auto target = directory_.path() / "grown.img";
  test::write_blob(*grown, target);
  ASSERT_EQ(run_tool("sgdisk -e " + target.string()).exit_code, 0);
  EXPECT_THAT(run_tool("sgdisk -v " + target.string()).output, HasSubstr("No problems found."));
}

// --- Partitions -----------------------------------------------------------------------------------------------------

TEST_F(GptShape, AttributesGuidsAndLabelsAreStored) {
  GptTable table(shaped(128));
  PartitionRequest wanted = with_guid(partition("key", "linux", kMiB), "AAAAAAAA-0000-0000-0000-00000000000F");
  wanted.label = "Größe";
  wanted.options = {attributes(
      {"required", "no-block-io", "legacy-boot", "read-only", "hidden", "no-auto", "grow-file-system", "48"})};
  const auto path = make_disk(table, request({wanted}));
  const auto listed = run_tool("sfdisk --json " + path.string()).output;
  EXPECT_THAT(listed, HasSubstr("\"uuid\": \"AAAAAAAA-0000-0000-0000-00000000000F\""));
  EXPECT_THAT(listed,
              HasSubstr("\"attrs\": \"RequiredPartition NoBlockIOProtocol LegacyBIOSBootable GUID:48,59,60,62,63\""));
  const Partition read = table.open(*open_file_blob(path), context_).partitions.at(0);
  EXPECT_EQ(read.name, "Größe");
  EXPECT_EQ(read.attributes, 0xd801000000000007U);
}

TEST_F(GptShape, WhatMakesNoSenseIsRefusedWithAdvice) {
  GptTable table(shaped(128));
  const auto refused = [&](const std::function<void(PartitionRequest&)>& change) {
    PartitionRequest wanted = partition("a", "linux", kMiB);
    change(wanted);
    return error_of([&] { table.plan(request({wanted, partition("b", "linux", kMiB)}), context_); }).second;
  };
  EXPECT_THAT(refused([](auto& p) { p.options = {attributes({"readonly"})}; }),
              HasSubstr("partition 1 (\"a\"): unknown attribute \"readonly\" (did you mean \"read-only\"?)"));
  EXPECT_THAT(refused([](auto& p) { p.options = {attributes({"64"})}; }), HasSubstr("unknown attribute \"64\""));
  EXPECT_THAT(refused([](auto& p) { p.options = {attributes({"-1"})}; }), HasSubstr("unknown attribute"));
  EXPECT_THAT(refused([](auto& p) { p.options = {attributes({""})}; }), HasSubstr("unknown attribute"));
  EXPECT_THAT(refused([](auto& p) { p.options = {option("atributes", true)}; }), HasSubstr("attributes"));
  EXPECT_THAT(refused([](auto& p) { p.options = {hybrid(0xee)}; }), HasSubstr("type of the protective record"));
  EXPECT_THAT(refused([](auto& p) { p.options = {hybrid(256)}; }), HasSubstr("hybrid must be"));
  EXPECT_THAT(refused([](auto& p) { p.options = {hybrid(0)}; }), HasSubstr("hybrid must be"));
  EXPECT_THAT(refused([](auto& p) { p.options = {option("bootable", true)}; }), HasSubstr("set hybrid too"));
  EXPECT_THAT(refused([](auto& p) { p.uuid = "1234"; }), HasSubstr("\"1234\" is not the GUID of a partition"));
  EXPECT_THAT(refused([](auto& p) { p.uuid = "00000000-0000-0000-0000-000000000000"; }), HasSubstr("not zero"));
  EXPECT_THAT(refused([](auto& p) { p.label = std::string(37, 'x'); }), HasSubstr("room for 36"));

  const auto twins = request(
      {with_guid(partition("a", "linux", kMiB), kFirstGuid), with_guid(partition("b", "linux", kMiB), kFirstGuid)});
  EXPECT_THAT(error_of([&] { table.plan(twins, context_); }).second,
              HasSubstr("partition 1 (\"a\") and partition 2 (\"b\") have the same GUID"));
}

TEST_F(GptShape, PayloadsLeaveTheGuidsOfPartitionsAlone) {
  GptTable table(shaped(128));
  const Layout plain = table.plan(request({partition("a", "linux", kMiB)}), context_);
  const Layout behind =
      table.plan(request({payload("p", 20 * kKiB, 4 * kKiB), partition("a", "linux", kMiB)}), context_);
  EXPECT_EQ(plain.partitions[0].uuid, behind.partitions[1].uuid);
}

// --- Hybrid MBRs ----------------------------------------------------------------------------------------------------

TEST_F(GptShape, HybridMbrsAreWhatGenimageMakes) {
  GptTable table(shaped(128));
  PartitionRequest boot = with_guid(partition("boot", "fat", 100 * kKiB, 34 * 512), kFirstGuid);
  boot.options = {hybrid(0x0c), option("bootable", true), attributes({"legacy-boot"})};
  PartitionRequest root = with_guid(partition("root", "linux", 100 * kKiB), kSecondGuid);
  root.alignment = 512;
  root.options = {hybrid(0x83)};
  const auto ours = make_disk(table, request({boot, root}, 16 * kMiB));
  make_by_genimage("partition-table-type = \"hybrid\"",
                   std::string("partition boot { image = \"zeros\" partition-type = 0x0c bootable = true "
                               "partition-type-uuid = F partition-uuid = \"") +
                       kFirstGuid +
                       "\" }\npartition root { image = \"zeros\" partition-type = 0x83 partition-type-uuid "
                       "= L partition-uuid = \"" +
                       kSecondGuid + "\" }\n");
  test::expect_equal_tables(ours, their_disk());
  EXPECT_THAT(run_tool("sgdisk -v " + ours.string()).output, HasSubstr("No problems found."));
  EXPECT_THAT(run_tool("sgdisk -p " + ours.string()).output, testing::Not(HasSubstr("Warning")));
  table.check(*open_file_blob(ours), context_);
  EXPECT_THAT(warnings(), HasSubstr("hybrid MBR"));
}

TEST_F(GptShape, AHybridMbrHasThreePartitionsInItsFirst32Bits) {
  GptTable table(shaped(128));
  PartitionRequest wanted = partition("p", "linux", kMiB);
  wanted.options = {hybrid(0x83)};
  EXPECT_NO_THROW(disk_of(table, request({wanted, wanted, wanted})));
  EXPECT_THAT(error_of([&] {
                table.plan(request({wanted, wanted, wanted, wanted}), context_);
              }).second,
              HasSubstr("4 partitions are \"hybrid\": an MBR has room for 3"));
  wanted.offset = 2048 * kMiB * 1024;
  EXPECT_THAT(error_of([&] { table.plan(request({wanted}), context_); }).second,
              HasSubstr("a hybrid MBR addresses sectors up to 4294967295"));
}

}  // namespace
}  // namespace fstool::gpt

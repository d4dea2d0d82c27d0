#include "mbr.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "partition_table_fixture.h"
#include "partition_types.h"
#include "structures.h"

namespace fstool::mbr {
namespace {

using test::error_of;
using test::kGiB;
using test::kMiB;
using test::run_tool;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr std::optional<std::uint64_t> kRemaining;

class Mbr : public test::PartitionTableFixture {
 protected:
  MbrTable table_{MbrOptions{}};
};

TEST_F(Mbr, SfdiskFdiskAndPartedAgreeOnTheContents) {
  const auto path =
      make_disk(table_, request({partition("boot", "fat", 33 * kMiB), partition("root", "linux", kRemaining),
                                 partition("swap", "0x82", 1000000)},
                                256 * kMiB));
  const auto verified = run_tool("sfdisk --verify " + path.string());
  EXPECT_EQ(verified.exit_code, 0) << verified.output;
  EXPECT_THAT(verified.output, HasSubstr("No errors detected."));

  const auto listed = run_tool("sfdisk --json " + path.string());
  EXPECT_THAT(listed.output, HasSubstr("\"label\": \"dos\""));
  EXPECT_THAT(listed.output, HasSubstr("\"start\": 2048,\n            \"size\": 67584,\n            \"type\": \"c\""));
  EXPECT_THAT(listed.output,
              HasSubstr("\"start\": 69632,\n            \"size\": 452608,\n            \"type\": \"83\""));
  EXPECT_THAT(listed.output,
              HasSubstr("\"start\": 522240,\n            \"size\": 1954,\n            \"type\": \"82\""));

  const auto parted = run_tool("parted -sm " + path.string() + " unit s print");
  EXPECT_EQ(parted.exit_code, 0) << parted.output;
  EXPECT_THAT(parted.output, HasSubstr("1:2048s:69631s:67584s:::lba;"));
  EXPECT_THAT(parted.output, HasSubstr("2:69632s:522239s:452608s:::;"));
}

TEST_F(Mbr, ToolsAcceptSectorsOf4096Bytes) {
  const auto path = make_disk(
      table_, request({partition("a", "linux", 10 * kMiB), partition("b", "linux", kRemaining)}, 64 * kMiB, 4096));
  const auto fdisk = run_tool("printf 'v\\nq\\n' | fdisk -b 4096 " + path.string());
  EXPECT_THAT(fdisk.output, HasSubstr("No errors detected."));
  const auto parted = run_tool("PARTED_SECTOR_SIZE=4096 parted -sm " + path.string() + " unit s print");
  EXPECT_EQ(parted.exit_code, 0) << parted.output;
  EXPECT_THAT(parted.output, HasSubstr("1:256s:2815s:2560s:::;"));
  EXPECT_THAT(parted.output, HasSubstr("2:2816s:16383s:13568s:::;"));
  const auto partx = run_tool("partx --sector-size 4096 --raw -o NR,START,END,TYPE " + path.string());
  EXPECT_THAT(partx.output, HasSubstr("1 2048 22527 0x83"));
  EXPECT_THAT(partx.output, HasSubstr("2 22528 131071 0x83"));
}

TEST_F(Mbr, WritesTheBytesThatSfdiskWrites) {
  // 20 GiB: behind the last cylinder that CHS can address.
  for (const std::uint64_t size : {4 * kMiB, 64 * kMiB, 20 * kGiB}) {
    MbrOptions options;
    options.disk_signature = 0xdeadbeef;
    MbrTable table(options);
    const auto ours =
        make_disk(table, request({partition("", "linux", kMiB), partition("", "0x8e", kRemaining)}, size));
    const auto theirs = directory_.path() / "sfdisk.img";
    const auto made = run_tool("truncate -s " + std::to_string(size) + " " + theirs.string() +
                               " && printf 'label: dos\\nlabel-id: 0xdeadbeef\\nstart=2048,size=2048,type=83\\n"
                               "start=4096,type=8e\\n' | sfdisk -q " +
                               theirs.string());
    ASSERT_EQ(made.exit_code, 0) << made.output;
    test::expect_equal_tables(ours, theirs);
    std::filesystem::remove(theirs);
  }
}

TEST_F(Mbr, NothingLiesBeyond32BitsOfSectors) {
  const std::uint64_t limit = 2048 * kGiB;
  EXPECT_EQ(error_of([&] { table_.plan(request({partition("a", "linux", kMiB, limit)}), context_); }).first,
            ErrorCode::NoSpace);
  EXPECT_EQ(error_of([&] { table_.plan(request({partition("a", "linux", limit)}), context_); }).first,
            ErrorCode::NoSpace);
  const auto [code, text] =
      error_of([&] { table_.plan(request({partition("a", "linux", kRemaining)}, 2 * limit), context_); });
  EXPECT_EQ(code, ErrorCode::NoSpace);
  EXPECT_THAT(text, HasSubstr("would end beyond 2 TiB, the most that mbr can address"));

  const auto path = make_disk(table_, request({partition("a", "linux", kRemaining)}, limit));
  EXPECT_THAT(run_tool("sfdisk --verify " + path.string()).output, HasSubstr("No errors detected."));
  EXPECT_EQ(table_.open(*open_file_blob(path), context_).partitions.at(0).size, limit - kMiB);
}

TEST_F(Mbr, ADiskWithoutSizeIsJustLargeEnough) {
  const auto path = make_disk(table_, request({partition("a", "linux", 1536 * 1024)}));
  EXPECT_EQ(std::filesystem::file_size(path), 3 * kMiB);
  EXPECT_THAT(run_tool("sfdisk --verify " + path.string()).output, HasSubstr("No errors detected."));
}

TEST_F(Mbr, TheSignatureComesFromTheSeedOrTheOption) {
  const TableRequest wanted = request({partition("a", "linux", kMiB)});
  const Layout layout = table_.plan(wanted, context_);
  EXPECT_EQ(layout.disk_id, table_.plan(wanted, context_).disk_id);
  EXPECT_NE(layout.disk_id, "0x00000000");
  EXPECT_EQ(layout.partitions[0].uuid, layout.disk_id.substr(2) + "-01");

  MbrOptions options;
  options.disk_signature = 0x1234;
  EXPECT_EQ(MbrTable(options).plan(wanted, context_).disk_id, "0x00001234");
}

TEST_F(Mbr, ABootablePartitionIsActive) {
  PartitionRequest boot = partition("boot", "fat", kMiB);
  boot.options = parse_option_text("bootable=true");
  TableRequest wanted = request({boot, partition("root", "linux", kMiB)});
  EXPECT_THAT(run_tool("sfdisk --dump " + make_disk(table_, wanted).string()).output,
              AllOf(HasSubstr("type=c, bootable\n"), HasSubstr("type=83\n")));
  EXPECT_EQ(warnings(), "");
  wanted.partitions[1].options = boot.options;
  make_disk(table_, wanted);
  EXPECT_THAT(warnings(), HasSubstr("2 partitions are bootable, and a BIOS boots from one"));
}

TEST_F(Mbr, BootCodeLiesInFrontOfTheTable) {
  TableRequest wanted = request({partition("a", "linux", kMiB)});
  Layout layout = table_.plan(wanted, context_);
  ASSERT_EQ(layout.structures.size(), 1U);
  EXPECT_EQ(layout.structures[0].offset, 440U);  // what is in front may be a payload's
  EXPECT_EQ(layout.structures[0].size, 72U);

  wanted.boot_code = make_memory_blob(std::vector<std::byte>(440, std::byte{0xEB}));
  layout = table_.plan(wanted, context_);
  EXPECT_EQ(layout.structures[0].offset, 0U);
  std::vector<std::byte> first(512);
  table_.compose(wanted, layout, {}, context_)->read(0, first);
  EXPECT_EQ(first[439], std::byte{0xEB});
  EXPECT_EQ(first[510], std::byte{0x55});

  wanted.boot_code = make_hole_blob(513);
  EXPECT_THAT(error_of([&] { table_.compose(wanted, layout, {}, context_); }).second,
              HasSubstr("the boot code is of 513 bytes"));
}

TEST_F(Mbr, WhatIsNotInTheTableHasAPlaceAndNoNumber) {
  PartitionRequest payload = partition("u-boot", "", 100'000, 8 * 1024);
  payload.in_table = false;
  TableRequest wanted = request({payload, partition("root", "linux", kMiB)}, 8 * kMiB);
  const Layout layout = table_.plan(wanted, context_);
  EXPECT_EQ(layout.partitions[0].number, 0U);
  EXPECT_EQ(layout.partitions[0].offset, 8U * 1024);
  EXPECT_EQ(layout.partitions[0].uuid, "");
  EXPECT_EQ(layout.partitions[1].number, 1U);
  EXPECT_EQ(table_.open(*table_.compose(wanted, layout, {}, context_), context_).partitions.size(), 1U);

  wanted.partitions[0].offset = 0;
  wanted.partitions[0].holes = {{440, 72}};
  EXPECT_EQ(table_.plan(wanted, context_).partitions[0].offset, 0U);
  wanted.partitions[0].holes = {};
  EXPECT_THAT(error_of([&] { table_.plan(wanted, context_); }).second, HasSubstr("MBR (440 bytes to 512 bytes)"));
  wanted.partitions[0].options = parse_option_text("bootable=true");
  EXPECT_THAT(error_of([&] { table_.plan(wanted, context_); }).second, HasSubstr("it is not in the table"));
}

TEST_F(Mbr, NamesAndUuidsAreRefusedWithAdvice) {
  PartitionRequest named = partition("root", "linux", kMiB);
  named.label = "ROOT";
  EXPECT_THAT(error_of([&] { table_.plan(request({named}), context_); }).second,
              AllOf(HasSubstr("partition 1 (\"root\")"), HasSubstr("mbr stores no names")));
  named.label.reset();
  named.uuid = "0fc63daf-8483-4772-8e79-3d69d8477de4";
  EXPECT_THAT(error_of([&] { table_.plan(request({named}), context_); }).second, HasSubstr("disk_signature"));
  named.uuid.reset();
  named.options = parse_option_text("botable=true");
  EXPECT_THAT(error_of([&] { table_.plan(request({named}), context_); }).second,
              HasSubstr("did you mean \"bootable\"?"));
}

TEST_F(Mbr, AContentLargerThanItsPartitionIsRefused) {
  const TableRequest wanted = request({partition("boot", "linux", kMiB)});
  const Layout layout = table_.plan(wanted, context_);
  EXPECT_EQ(error_of([&] { table_.compose(wanted, layout, {make_hole_blob(2 * kMiB)}, context_); }).first,
            ErrorCode::NoSpace);
  EXPECT_EQ(error_of([&] {
              table_.compose(wanted, layout, {nullptr, nullptr}, context_);
            }).first,
            ErrorCode::InvalidArgument);
}

TEST_F(Mbr, LogicalPartitionsFollowThePrimaries) {
  const auto path = directory_.path() / "extended.img";
  const std::string image = path.string();
  const auto made = run_tool("truncate -s 64M " + image +
                             " && printf 'label: dos\n"
                             "1 : start=2048, size=16384, type=83, bootable\n"
                             "2 : start=20480, size=65536, type=5\n"
                             "3 : start=90112, size=8192, type=c\n"
                             "5 : start=22528, size=16384, type=83\n"
                             "6 : start=40960, size=8192, type=82\n"
                             "7 : start=51200, size=8192, type=83\n' | sfdisk -q " +
                             image);
  ASSERT_EQ(made.exit_code, 0) << made.output;
  const BlobPtr disk = open_file_blob(path);
  EXPECT_TRUE(table_.probe(*disk));
  const Layout layout = table_.open(*disk, context_);

  std::vector<std::string> lines;
  for (const Partition& partition : layout.partitions) {
    lines.push_back(fmt::format("{} {} {} {}{}", partition.number, partition.type_name, partition.offset / 512,
                                partition.size / 512, partition.holds_partitions ? " holds others" : ""));
  }
  EXPECT_THAT(lines, ElementsAre("1 linux 2048 16384", "2 extended 20480 65536 holds others", "3 fat 90112 8192",
                                 "5 linux 22528 16384", "6 linux-swap 40960 8192", "7 linux 51200 8192"));
  EXPECT_EQ(layout.partitions[0].attributes, kActive);
  EXPECT_THAT(layout.partitions[3].uuid, EndsWith("-05"));
  ASSERT_EQ(layout.structures.size(), 4U);
  EXPECT_EQ(layout.structures[0].name, "MBR");
  EXPECT_EQ(layout.structures[1].offset, 20480U * 512);
  EXPECT_EQ(layout.structures[1].name, "extended boot record");
}

TEST_F(Mbr, ABrokenChainOfLogicalPartitionsIsReadAsFarAsItLeads) {
  std::vector<std::byte> bytes(8 * kMiB);
  const auto put = [&](std::size_t sector, const PartitionRecord& first, const PartitionRecord& second) {
    MasterBootRecord record{};
    record.partitions = {first, second};
    record.signature = kSignature;
    std::memcpy(bytes.data() + sector * 512, &record, sizeof(record));
  };
  const auto entry = [](std::uint8_t type, std::uint32_t first, std::uint32_t count) {
    PartitionRecord record{};
    record.os_type = type;
    record.starting_lba = first;
    record.size_in_lba = count;
    return record;
  };
  put(0, entry(0x83, 2048, 2048), entry(0x05, 4096, 8192));
  put(4096, entry(0x83, 8, 1024), entry(0x05, 2048, 2048));
  put(6144, entry(0x83, 8, 100'000), entry(0x05, 4096, 2048));
  const Layout layout = table_.open(*make_memory_blob(bytes), context_);
  EXPECT_EQ(layout.partitions.size(), 3U);
  EXPECT_EQ(layout.partitions.back().number, 5U);
  EXPECT_THAT(warnings(), AllOf(HasSubstr("partition 6 ends at sector 106151, behind the end of the disk"),
                                HasSubstr("there is no boot record at sector 8192")));
}

TEST_F(Mbr, BootSectorsOfFileSystemsAndGptDisksAreNotProbed) {
  const auto path = directory_.path() / "other.img";
  // With --mbr it has a partition table too, with one partition that is all of it.
  for (const char* const fat : {"360K", "1440K", "5M", "16M", "64M", "64M --mbr=y", "300M", "600M", "40G"}) {
    const std::string size(fat, std::min(std::string_view(fat).find(' '), std::string_view(fat).size()));
    const std::string options = std::string(fat).substr(size.size());
    ASSERT_EQ(run_tool("truncate -s 0 " + path.string() + " && truncate -s " + size + " " + path.string() +
                       " && mkfs.vfat " + options + " " + path.string())
                  .exit_code,
              0);
    EXPECT_FALSE(table_.probe(*open_file_blob(path))) << fat;
  }
  ASSERT_EQ(run_tool("truncate -s 0 " + path.string() + " && truncate -s 64M " + path.string() + " && sgdisk -n 1 " +
                     path.string())
                .exit_code,
            0);
  EXPECT_FALSE(table_.probe(*open_file_blob(path)));
  EXPECT_FALSE(table_.probe(*make_hole_blob(0)));
  EXPECT_FALSE(table_.probe(*make_hole_blob(511)));
  EXPECT_FALSE(table_.probe(*make_hole_blob(kMiB)));
}

TEST_F(Mbr, HostileRecordsAreRefused) {
  const TableRequest wanted = request({partition("a", "linux", kMiB), partition("b", "linux", kMiB)}, 8 * kMiB);
  const BlobPtr disk = table_.compose(wanted, table_.plan(wanted, context_), {}, context_);
  const auto problem = [&](const std::function<void(MasterBootRecord&)>& change) {
    std::vector<std::byte> bytes = read_all(*disk, 8 * kMiB);
    MasterBootRecord mbr;
    std::memcpy(&mbr, bytes.data(), sizeof(mbr));
    change(mbr);
    std::memcpy(bytes.data(), &mbr, sizeof(mbr));
    const auto [code, text] = error_of([&] { table_.open(*make_memory_blob(std::move(bytes)), context_); });
    EXPECT_EQ(code, ErrorCode::Corrupt);
    return text;
  };
  EXPECT_THAT(problem([](MasterBootRecord& mbr) { mbr.signature = 0; }), HasSubstr("no MBR"));
  EXPECT_THAT(problem([](MasterBootRecord& mbr) { mbr.partitions[0].boot_indicator = 1; }),
              HasSubstr("boot indicator 0x01"));
  EXPECT_THAT(problem([](MasterBootRecord& mbr) { mbr.partitions[0].starting_lba = 0; }),
              HasSubstr("partition 1 begins in the MBR itself"));
  EXPECT_THAT(problem([](MasterBootRecord& mbr) { mbr.partitions[0].size_in_lba = 2049; }),
              HasSubstr("overlap at sector 4096"));
  EXPECT_THAT(problem([](MasterBootRecord& mbr) {
                mbr.partitions[1].starting_lba = UINT32_MAX;
                mbr.partitions[1].size_in_lba = UINT32_MAX;
              }),
              HasSubstr("partition 2 ends at sector 8589934589, but the disk has 16384 sectors"));
}

TEST(MbrPartitionTypes, SfdiskKnowsEveryType) {
  const std::string known = run_tool("sfdisk --label dos --list-types").output;
  for (const PartitionType& type : partition_types()) {
    std::array<char, 8> line{};
    std::snprintf(line.data(), line.size(), "\n%2x  ", type.os_type);
    EXPECT_THAT(known, HasSubstr(line.data())) << type.name;
  }
}

TEST(MbrPartitionTypes, RefusesTheRestWithAdvice) {
  const auto refused = [](std::string_view words) {
    const auto [code, text] = error_of([&] { parse_partition_type(words); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument);
    return text;
  };
  EXPECT_EQ(parse_partition_type("0xDa"), 0xda);
  EXPECT_THAT(refused("linus"), HasSubstr("did you mean \"linux\"?"));
  EXPECT_THAT(refused("0x00"), HasSubstr("unused record"));
  EXPECT_EQ(parse_partition_type("0x0f"), 0x0f);
  EXPECT_EQ(parse_partition_type("extended"), 0x05);
  EXPECT_EQ(parse_partition_type("freebsd"), 0xa5);
  EXPECT_EQ(short_type_name(0x82), "linux-swap");
  EXPECT_EQ(short_type_name(0x85), "linux-extended");
  EXPECT_EQ(short_type_name(0x99), "");
  EXPECT_THAT(refused("0xee"), HasSubstr("partition_table = \"gpt\""));
  EXPECT_THAT(refused("0x100"), HasSubstr("unknown mbr partition type"));
  EXPECT_THAT(refused("0fc63daf-8483-4772-8e79-3d69d8477de4"), HasSubstr("is a GPT type"));
}

}  // namespace
}  // namespace fstool::mbr

// What repair() says mends damaged tables, judged by sgdisk and sfdisk.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "computed_fields.h"
#include "gpt.h"
#include "partition_table_fixture.h"
#include "structures.h"

namespace fstool::gpt {
namespace {

using test::error_of;
using test::kKiB;
using test::kMiB;
using test::run_tool;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kDiskSize = 8 * kMiB;
constexpr std::uint64_t kArraySize = kDefaultEntries * sizeof(PartitionEntry);
constexpr std::uint64_t kBackupHeader = kDiskSize - 512;
constexpr std::uint64_t kBackupArray = kBackupHeader - kArraySize;

class RepairGpt : public test::PartitionTableFixture {
 protected:
  RepairGpt() { make(GptOptions{}); }

  /// Partitions a (1 MiB from 1 MiB) and b (2 MiB from 2 MiB), full of bytes, with boot code.
  void make(const GptOptions& options) {
    GptTable table(options);
    TableRequest wanted = request({partition("a", "linux", kMiB), partition("b", "linux", 2 * kMiB)}, kDiskSize);
    wanted.boot_code = make_memory_blob(std::vector<std::byte>(440, std::byte{0x90}));
    const auto content = make_memory_blob(std::vector<std::byte>(kMiB, std::byte{0x55}));
    bytes_ = read_all(*disk_of(table, wanted, {content, content}), kDiskSize);
    good_ = bytes_;
  }

  void wipe(std::uint64_t offset, std::uint64_t size, std::byte value = std::byte{0}) {
    std::fill_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), size, value);
  }

  /// The names of the patches, which are applied.
  std::vector<std::string> repair() {
    std::vector<std::string> names;
    for (const DiskPatch& patch : table_.repair(*make_memory_blob(bytes_), context_)) {
      EXPECT_LE(patch.offset + patch.bytes.size(), bytes_.size());
      std::ranges::copy(patch.bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(patch.offset));
      names.push_back(patch.what);
    }
    return names;
  }

  void expect_sound() {
    const auto path = directory_.path() / "repaired.img";
    test::write_blob(*make_memory_blob(bytes_), path);
    EXPECT_THAT(run_tool("sgdisk -v " + path.string()).output, HasSubstr("No problems found."));
    EXPECT_THAT(run_tool("sfdisk --verify " + path.string()).output, HasSubstr("No errors detected."));
    table_.check(*make_memory_blob(bytes_), context_);
    EXPECT_EQ(warnings(), "");
    EXPECT_THAT(repair(), IsEmpty());
  }

  template <class T>
  void change(std::uint64_t offset, const std::function<void(T&)>& edit) {
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(value));
    edit(value);
    std::memcpy(bytes_.data() + offset, &value, sizeof(value));
  }
  /// Changes the header at byte `offset`, and makes its CRC right again.
  void change_header(std::uint64_t offset, const std::function<void(Header&)>& edit) {
    Header header;
    std::memcpy(&header, bytes_.data() + offset, sizeof(header));
    edit(header);
    std::ranges::copy(header_sector(header, 512), bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  void change_mbr(const std::function<void(ProtectiveMbr&)>& edit) { change<ProtectiveMbr>(0, edit); }

  GptTable table_{GptOptions{}};
  std::vector<std::byte> bytes_;
  std::vector<std::byte> good_;
};

TEST_F(RepairGpt, AGoodTableNeedsNothing) { EXPECT_THAT(repair(), IsEmpty()); }

TEST_F(RepairGpt, EveryDamagedByteOfEitherCopyComesBack) {
  const auto expect_mended = [&](std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t offset = begin; offset < end; offset += 5) {
      bytes_[offset] ^= std::byte{0x21};
      EXPECT_THAT(repair(), testing::SizeIs(1)) << offset;
      ASSERT_EQ(bytes_, good_) << offset;
    }
  };
  expect_mended(512, 512 + sizeof(Header));
  expect_mended(1024, 1024 + 3 * sizeof(PartitionEntry));
  expect_mended(kBackupArray, kBackupArray + 3 * sizeof(PartitionEntry));
  expect_mended(kBackupHeader, kBackupHeader + sizeof(Header));
}

TEST_F(RepairGpt, EachPartThatIsLostComesBack) {
  const struct {
    std::uint64_t offset, size;
    std::vector<std::string> patches;
  } cases[] = {
      {440, 72, {"protective MBR"}},
      {512, 512, {"GPT header"}},
      {1024, kArraySize, {"GPT partition entries"}},
      {512, 512 + kArraySize, {"GPT partition entries", "GPT header"}},
      {440, 72 + 512 + kArraySize, {"GPT partition entries", "GPT header", "protective MBR"}},
      {kBackupArray, kArraySize, {"backup GPT partition entries"}},
      {kBackupHeader, 512, {"backup GPT header"}},
      {kBackupArray, kArraySize + 512, {"backup GPT partition entries", "backup GPT header"}},
  };
  for (const auto& [offset, size, patches] : cases) {
    for (const std::byte value : {std::byte{0}, std::byte{0xa7}}) {
      wipe(offset, size, value);
      EXPECT_EQ(repair(), patches);
      EXPECT_EQ(bytes_, good_) << offset;
      bytes_ = good_;
    }
  }
}

TEST_F(RepairGpt, WithNeitherCopyThereIsNothingToMendFrom) {
  wipe(512, 8);
  wipe(kBackupHeader, 8);
  EXPECT_EQ(error_of([&] { repair(); }).first, ErrorCode::Corrupt);
  bytes_ = good_;
  bytes_[512 + 60] ^= std::byte{1};
  bytes_[kBackupArray] ^= std::byte{1};
  const auto [code, text] = error_of([&] { repair(); });
  EXPECT_EQ(code, ErrorCode::Corrupt);
  EXPECT_THAT(text, testing::AllOf(HasSubstr("primary: the header's CRC is wrong"),
                                   HasSubstr("backup: the partition entry array's CRC is wrong")));
}

TEST_F(RepairGpt, OnADiskThatHasGrownTheBackupMovesToTheEnd) {
  for (const std::uint64_t size : {kDiskSize + 512, kDiskSize + 8 * kKiB, kDiskSize + 3 * kMiB}) {
    bytes_ = good_;
    bytes_.resize(size);
    EXPECT_THAT(repair(),
                ElementsAre("backup GPT partition entries", "backup GPT header", "GPT header", "protective MBR"));
    expect_sound();
    const Layout layout = table_.open(*make_memory_blob(bytes_), context_);
    EXPECT_EQ(layout.structures.back().offset, size - 512);
    EXPECT_TRUE(std::equal(bytes_.begin() + kMiB, bytes_.begin() + 4 * kMiB, good_.begin() + kMiB));
  }
}

TEST_F(RepairGpt, AGrownDiskIsWhatSgdiskMakesOfIt) {
  bytes_.resize(kDiskSize + 3 * kMiB);
  const auto theirs = directory_.path() / "theirs.img";
  const auto ours = directory_.path() / "ours.img";
  test::write_blob(*make_memory_blob(bytes_), theirs);
  ASSERT_EQ(run_tool("sgdisk -e " + theirs.string()).exit_code, 0);
  repair();
  test::write_blob(*make_memory_blob(bytes_), ours);
  test::expect_equal_tables(ours, theirs);
}

TEST_F(RepairGpt, OnADiskThatHasShrunkTheBackupMovesToTheEnd) {
  bytes_.resize(5 * kMiB);
  EXPECT_THAT(repair(),
              ElementsAre("backup GPT partition entries", "backup GPT header", "GPT header", "protective MBR"));
  expect_sound();
}

TEST_F(RepairGpt, ABackupGoesOverNoPartition) {
  bytes_.resize(4 * kMiB + 16 * kKiB);  // b ends at 4 MiB, and 16.5 KiB are needed
  const auto [code, text] = error_of([&] { repair(); });
  EXPECT_EQ(code, ErrorCode::NoSpace);
  EXPECT_THAT(text, HasSubstr("the backup GPT doesn't fit behind the last partition"));
}

TEST_F(RepairGpt, AGrownDiskWithADamagedPrimaryIsMendedFromTheBackupWhereItWas) {
  for (const std::uint64_t size : {kDiskSize + 512, kDiskSize + 3 * kMiB}) {
    bytes_ = good_;
    bytes_.resize(size);
    wipe(512 + 56, 16, std::byte{0xff});  // the disk's GUID
    EXPECT_EQ(table_.open(*make_memory_blob(bytes_), context_).partitions.size(), 2U);
    EXPECT_THAT(repair(),
                ElementsAre("GPT header", "backup GPT partition entries", "backup GPT header", "protective MBR"));
    table_.repair(*make_memory_blob(bytes_), context_);
    const auto path = directory_.path() / "repaired.img";
    test::write_blob(*make_memory_blob(bytes_), path);
    EXPECT_THAT(run_tool("sgdisk -v " + path.string()).output, HasSubstr("No problems found."));
  }
}

TEST_F(RepairGpt, AMovedArrayStaysWhereItIs) {
  GptOptions options;
  options.table_offset = Bytes{512 * kKiB};
  make(options);
  wipe(8 * kKiB, 64 * kKiB, std::byte{0xe1});  // a boot loader
  const std::vector<std::byte> with_loader = bytes_;
  for (const auto& [offset, size] : {std::pair<std::uint64_t, std::uint64_t>{512, 512}, {512 * kKiB, kArraySize}}) {
    wipe(offset, size);
    EXPECT_THAT(repair(), testing::SizeIs(1));
    EXPECT_EQ(bytes_, with_loader);
  }
  bytes_[512 + 20] ^= std::byte{1};  // the header and its array, of which the header tells
  wipe(512 * kKiB, kArraySize);
  EXPECT_THAT(repair(), testing::SizeIs(2));
  EXPECT_EQ(bytes_, with_loader);
}

TEST_F(RepairGpt, OfTwoCopiesThatDisagreeThePrimaryCounts) {
  change_header(kBackupHeader, [](Header& backup) { backup.first_usable_lba = 35; });
  EXPECT_THAT(repair(), ElementsAre("backup GPT header"));
  EXPECT_EQ(bytes_, good_);

  change<PartitionEntry>(1024, [](PartitionEntry& entry) { entry.attributes = 4; });
  change_header(512, [&](Header& primary) {
    primary.partition_entry_array_crc32 = crc32(0, std::span(bytes_).subspan(1024, kArraySize));
  });
  EXPECT_THAT(repair(), ElementsAre("backup GPT partition entries", "backup GPT header"));
  expect_sound();
}

TEST_F(RepairGpt, UsableSectorsThatReachIntoTheTableAreCutOff) {
  for (const std::uint64_t offset : {std::uint64_t{512}, kBackupHeader}) {
    change_header(offset, [](Header& header) {
      header.last_usable_lba = kDiskSize / 512 - 1;
      header.first_usable_lba = 3;
    });
  }
  EXPECT_THAT(repair(), ElementsAre("backup GPT header", "GPT header"));
  EXPECT_EQ(bytes_, good_);
}

TEST_F(RepairGpt, TheMbrKeepsItsBootCodeAndRecords) {
  const auto expect_mended = [&](const std::function<void(ProtectiveMbr&)>& edit) {
    change_mbr(edit);
    EXPECT_THAT(repair(), ElementsAre("protective MBR"));
    EXPECT_EQ(bytes_, good_);
    bytes_ = good_;
  };
  expect_mended([](ProtectiveMbr& mbr) { mbr.signature = 0; });
  expect_mended([](ProtectiveMbr& mbr) { mbr.partition_record[0].os_type = 0xfe; });
  expect_mended([](ProtectiveMbr& mbr) { mbr.partition_record[0].os_type = 0; });
  expect_mended([](ProtectiveMbr& mbr) { mbr.partition_record[0].size_in_lba = 7; });
  expect_mended([](ProtectiveMbr& mbr) { mbr.partition_record[0].starting_lba = 2; });
}

TEST_F(RepairGpt, AHybridMbrStaysOne) {
  const auto path = directory_.path() / "hybrid.img";
  test::write_blob(*make_memory_blob(bytes_), path);
  ASSERT_EQ(run_tool("sgdisk -h 1:2 " + path.string()).exit_code, 0);
  bytes_ = read_all(*open_file_blob(path), kDiskSize);
  good_ = bytes_;
  EXPECT_THAT(repair(), IsEmpty());
  change_mbr([](ProtectiveMbr& mbr) { mbr.signature = 0; });
  wipe(kBackupHeader, 512);
  EXPECT_THAT(repair(), ElementsAre("backup GPT header", "protective MBR"));
  EXPECT_EQ(bytes_, good_);
}

TEST_F(RepairGpt, AnMbrOfItsOwnIsLeftAlone) {
  change_mbr([](ProtectiveMbr& mbr) {
    mbr.partition_record[0].os_type = 0x83;
    mbr.partition_record[0].starting_lba = 2048;
  });
  const auto [code, text] = error_of([&] { repair(); });
  EXPECT_EQ(code, ErrorCode::Corrupt);
  EXPECT_THAT(text, HasSubstr("the MBR has partitions of its own"));
}

TEST_F(RepairGpt, ADiskWithoutAGptIsAnError) {
  wipe(0, kDiskSize);
  EXPECT_EQ(error_of([&] { repair(); }).first, ErrorCode::Corrupt);
  for (const std::size_t size : {0U, 1U, 511U, 512U, 1024U, 4096U}) {
    bytes_ = {good_.begin(), good_.begin() + static_cast<std::ptrdiff_t>(size)};
    EXPECT_EQ(error_of([&] { repair(); }).first, ErrorCode::Corrupt) << size;
  }
}

TEST_F(RepairGpt, HostileHeadersDoNoHarm) {
  const std::function<void(Header&)> cases[] = {
      [](Header& h) { h.first_usable_lba = UINT64_MAX; },
      [](Header& h) { h.first_usable_lba = 0; },
      [](Header& h) { h.last_usable_lba = UINT64_MAX; },
      [](Header& h) { h.last_usable_lba = 0; },
      [](Header& h) { h.alternate_lba = UINT64_MAX; },
      [](Header& h) { h.alternate_lba = 2; },
      [](Header& h) { h.partition_entry_lba = UINT64_MAX; },
      [](Header& h) { h.partition_entry_lba = kDiskSize / 512 - 32; },
      [](Header& h) { h.number_of_partition_entries = 0; },
      [](Header& h) { h.number_of_partition_entries = UINT32_MAX; },
  };
  for (const auto& edit : cases) {
    for (const auto& [damaged, other] : {std::pair(std::uint64_t{512}, kBackupHeader), {kBackupHeader, 512}}) {
      for (const bool other_is_good : {true, false}) {
        bytes_ = good_;
        change_header(damaged, edit);
        if (!other_is_good) wipe(other, 512);
        try {
          repair();
        } catch (const Error& error) {
          EXPECT_TRUE(error.code() == ErrorCode::Corrupt || error.code() == ErrorCode::NoSpace) << error.what();
        }
        EXPECT_TRUE(std::equal(bytes_.begin() + kMiB, bytes_.begin() + 4 * kMiB, good_.begin() + kMiB));
      }
    }
  }
}

TEST_F(RepairGpt, SectorsOf4KiB) {
  bytes_ = disk_bytes(table_, request({partition("a", "linux", kMiB)}, kDiskSize, 4096));
  good_ = bytes_;
  wipe(440, 72 + 3584 + 4096 + 16 * kKiB);
  EXPECT_THAT(repair(), ElementsAre("GPT partition entries", "GPT header", "protective MBR"));
  EXPECT_EQ(bytes_, good_);
}

}  // namespace
}  // namespace fstool::gpt

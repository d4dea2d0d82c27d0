// What check() says of damaged tables.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "fstool/checksum.h"
#include "gpt.h"
#include "partition_table_fixture.h"
#include "structures.h"

namespace fstool::gpt {
namespace {

using test::kMiB;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kDiskSize = 8 * kMiB;
constexpr std::uint64_t kEntryArraySize = kDefaultEntries * sizeof(PartitionEntry);

class CheckGpt : public test::PartitionTableFixture {
 protected:
  CheckGpt() {
    bytes_ = disk_bytes(table_, request({partition("a", "linux", kMiB), partition("b", "linux", 2 * kMiB)}, kDiskSize));
  }

  /// The damage that is reported.
  std::vector<std::string> damage() {
    std::vector<std::string> found;
    Context::Settings settings;
    settings.threads = 1;
    settings.listener = listener_;
    settings.damage_listener = [&](std::string_view message) { found.emplace_back(message); };
    Context context(registry_, settings);
    table_.check(*make_memory_blob(bytes_), context);
    return found;
  }

  template <class T>
  void change(std::size_t offset, const std::function<void(T&)>& change) {
    T value;
    std::memcpy(&value, bytes_.data() + offset, sizeof(value));
    change(value);
    std::memcpy(bytes_.data() + offset, &value, sizeof(value));
  }
  /// Changes the header in sector `lba`, and makes the CRCs of its array, at byte `array`, and its own right again.
  void change_header(std::size_t lba, std::size_t array, const std::function<void(Header&)>& edit) {
    change<Header>(lba * 512, [&](Header& header) {
      header.partition_entry_array_crc32 = crc32(0, std::span(bytes_).subspan(array, kEntryArraySize));
      edit(header);
      header.header_crc32 = 0;
      header.header_crc32 = crc32(0, std::as_bytes(std::span(&header, 1)));
    });
  }
  void change_entries(std::size_t index, const std::function<void(PartitionEntry&)>& edit) {
    for (const auto& [lba, array] : {std::pair(std::size_t{1}, std::size_t{1024}), std::pair(kLast, kBackupArray)}) {
      change<PartitionEntry>(array + index * sizeof(PartitionEntry), edit);
      change_header(lba, array, [](Header&) {});
    }
  }

  static constexpr std::size_t kLast = kDiskSize / 512 - 1;
  static constexpr std::size_t kBackupArray = kDiskSize - 512 - kEntryArraySize;

  GptTable table_{GptOptions{}};
  std::vector<std::byte> bytes_;
};

TEST_F(CheckGpt, SaysNothingOfAGoodTable) {
  EXPECT_THAT(damage(), IsEmpty());
  EXPECT_EQ(warnings(), "");
}

TEST_F(CheckGpt, EverySingleDamagedByteIsFound) {
  const std::vector<std::byte> good = bytes_;
  const auto expect_found = [&](std::size_t begin, std::size_t end) {
    for (std::size_t offset = begin; offset < end; offset += 3) {
      bytes_[offset] ^= std::byte{0x10};
      EXPECT_THAT(damage(), testing::SizeIs(1)) << offset;
      bytes_[offset] = good[offset];
    }
  };
  expect_found(512, 512 + sizeof(Header));
  expect_found(1024, 1024 + 3 * sizeof(PartitionEntry));
  expect_found(kBackupArray, kBackupArray + 3 * sizeof(PartitionEntry));
  expect_found(kLast * 512, kLast * 512 + sizeof(Header));
}

TEST_F(CheckGpt, SaysWhichCopyIsGood) {
  bytes_[512 + 60] ^= std::byte{1};
  EXPECT_THAT(damage(),
              ElementsAre(HasSubstr("the header's CRC is wrong; the backup is good, and `fstool repair-table IMAGE`")));
  bytes_[kLast * 512 + 60] ^= std::byte{1};
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("the primary GPT is damaged"), HasSubstr("the backup GPT is damaged")));
}

TEST_F(CheckGpt, NoGptIsAnError) {
  std::fill(bytes_.begin(), bytes_.end(), std::byte{0});
  EXPECT_EQ(test::error_of([&] { damage(); }).first, ErrorCode::Corrupt);
}

TEST_F(CheckGpt, CopiesThatDisagreeAreFound) {
  change_header(kLast, kBackupArray, [](Header& backup) {
    backup.disk_guid.bytes[0] ^= std::byte{1};
    backup.first_usable_lba = 35;
    backup.alternate_lba = 2;
  });
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("the primary one is at sector 2"), HasSubstr("the first usable sector"),
                                    HasSubstr("the GUID of the disk")));
}

TEST_F(CheckGpt, ADiskThatWasMadeLargerIsFound) {
  bytes_.resize(bytes_.size() + kMiB);
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("it was made larger; `fstool repair-table IMAGE` moves"),
                                    HasSubstr("the protective MBR covers")));
}

TEST_F(CheckGpt, PartitionsWithOneGuidAreFound) {
  PartitionEntry first;
  std::memcpy(&first, bytes_.data() + 1024, sizeof(first));
  change_entries(1, [&](PartitionEntry& entry) { entry.unique_partition_guid = first.unique_partition_guid; });
  EXPECT_THAT(damage(), ElementsAre("partitions 1 and 2 have the same GUID"));
  change_entries(1, [&](PartitionEntry& entry) { entry.unique_partition_guid = {}; });
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("its GUID is zero")));
}

TEST_F(CheckGpt, OverlapsAreFoundInBothCopies) {
  change_entries(0, [](PartitionEntry& entry) { entry.ending_lba = 4096; });
  EXPECT_THAT(damage(), testing::Each(HasSubstr("partitions 1 and 2 overlap")));
  EXPECT_EQ(damage().size(), 2U);
}

TEST_F(CheckGpt, WhatIsUnusualIsAWarning) {
  change_entries(0, [](PartitionEntry& entry) {
    entry.starting_lba = 2049;
    entry.partition_name[0] = 0xD800;
  });
  change<ProtectiveMbr>(0, [](ProtectiveMbr& mbr) { mbr.partition_record[1].os_type = 0x83; });
  EXPECT_THAT(damage(), IsEmpty());
  EXPECT_THAT(warnings(), testing::AllOf(HasSubstr("not a multiple of 4 KiB"), HasSubstr("its name is not UTF-16"),
                                         HasSubstr("hybrid MBR")));
}

TEST_F(CheckGpt, TheProtectiveMbrIsChecked) {
  const auto damage_of = [&](const std::function<void(ProtectiveMbr&)>& edit) {
    const std::vector<std::byte> good = bytes_;
    change<ProtectiveMbr>(0, edit);
    const auto found = damage();
    bytes_ = good;
    return found;
  };
  EXPECT_THAT(damage_of([](ProtectiveMbr& mbr) { mbr.signature = 0; }), ElementsAre(HasSubstr("signature")));
  EXPECT_THAT(damage_of([](ProtectiveMbr& mbr) { mbr.partition_record[0].os_type = 0x83; }),
              ElementsAre(HasSubstr("no record has type 0xee")));
  EXPECT_THAT(damage_of([](ProtectiveMbr& mbr) { mbr.partition_record[0].size_in_lba = 7; }),
              ElementsAre(HasSubstr("covers 7 sectors")));
  EXPECT_THAT(damage_of([](ProtectiveMbr& mbr) { mbr.partition_record[0].starting_lba = 2; }),
              ElementsAre(HasSubstr("from sector 2 on")));
  EXPECT_THAT(damage_of([](ProtectiveMbr& mbr) { mbr.partition_record[0].size_in_lba = UINT32_MAX; }), IsEmpty());
}

}  // namespace
}  // namespace fstool::gpt

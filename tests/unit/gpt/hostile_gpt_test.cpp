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

using test::error_of;
using test::kMiB;
using testing::HasSubstr;

constexpr std::uint64_t kDiskSize = 8 * kMiB;
constexpr std::uint64_t kEntryArraySize = kDefaultEntries * sizeof(PartitionEntry);

/// A good disk of 8 MiB with partitions a (1 MiB from 1 MiB) and b (2 MiB from 2 MiB), to be damaged.
class HostileGpt : public test::PartitionTableFixture {
 protected:
  HostileGpt() {
    bytes_ = disk_bytes(table_, request({partition("a", "linux", kMiB), partition("b", "linux", 2 * kMiB)}, kDiskSize));
  }

  Layout open() { return table_.open(*make_memory_blob(bytes_), context_); }
  bool probe() { return table_.probe(*make_memory_blob(bytes_)); }

  Header header(std::uint64_t lba) const {
    Header header;
    std::memcpy(&header, bytes_.data() + lba * 512, sizeof(header));
    return header;
  }

  /// Changes the header at `lba` and makes its CRC right again.
  void change_header(std::uint64_t lba, const std::function<void(Header&)>& change) {
    Header changed = header(lba);
    change(changed);
    changed.header_crc32 = 0;
    std::memcpy(bytes_.data() + lba * 512, &changed, sizeof(changed));
    const std::uint64_t covered = std::min<std::uint64_t>(changed.header_size, bytes_.size() - lba * 512);
    changed.header_crc32 = crc32(0, std::span(bytes_).subspan(lba * 512, covered));
    std::memcpy(bytes_.data() + lba * 512, &changed, sizeof(changed));
  }

  /// Changes an entry of the primary array and makes the CRCs right again.
  void change_entry(std::size_t index, const std::function<void(PartitionEntry&)>& change) {
    const std::size_t offset = 1024 + index * sizeof(PartitionEntry);
    PartitionEntry entry;
    std::memcpy(&entry, bytes_.data() + offset, sizeof(entry));
    change(entry);
    std::memcpy(bytes_.data() + offset, &entry, sizeof(entry));
    change_header(1, [&](Header& primary) {
      primary.partition_entry_array_crc32 = crc32(0, std::span(bytes_).subspan(1024, kEntryArraySize));
    });
  }

  void wipe(std::uint64_t offset, std::uint64_t length) { std::memset(bytes_.data() + offset, 0, length); }

  /// With no backup to fall back to, the primary's problem is the error.
  std::string primary_problem() {
    wipe(kDiskSize - 512, 512);
    const auto [code, text] = error_of([&] { open(); });
    EXPECT_EQ(code, ErrorCode::Corrupt);
    return text;
  }

  GptTable table_{GptOptions{}};
  std::vector<std::byte> bytes_;
};

TEST_F(HostileGpt, FallsBackToTheBackupWithAWarning) {
  bytes_[512 + 60] ^= std::byte{1};
  EXPECT_TRUE(probe());
  EXPECT_EQ(open().partitions.size(), 2U);
  EXPECT_EQ(warnings(),
            "the primary GPT is damaged (the header's CRC is wrong); the backup is used, and `fstool repair-table "
            "IMAGE` makes a new primary one of it\n");
}

TEST_F(HostileGpt, FallsBackWhenThePrimaryIsGone) {
  wipe(512, 16896);
  EXPECT_TRUE(probe());
  EXPECT_EQ(open().partitions.at(1).name, "b");
  EXPECT_EQ(
      warnings(),
      "the primary GPT is damaged (no GPT header); the backup is used, and `fstool repair-table IMAGE` makes a new "
      "primary one of it\n");
}

TEST_F(HostileGpt, FallsBackWhenThePrimaryArrayIsDamaged) {
  bytes_[1024 + 40] ^= std::byte{1};
  EXPECT_EQ(open().partitions.size(), 2U);
  EXPECT_THAT(warnings(), HasSubstr("the partition entry array's CRC is wrong"));
}

TEST_F(HostileGpt, WarnsOfADamagedBackup) {
  wipe(kDiskSize - 512, 512);
  EXPECT_EQ(open().partitions.size(), 2U);
  EXPECT_EQ(
      warnings(),
      "the backup GPT is damaged (no header at sector 16383); the primary is used, and `fstool repair-table IMAGE` "
      "writes a new backup\n");
}

TEST_F(HostileGpt, NamesTheStructuresOfTheGoodCopyAlone) {
  wipe(kDiskSize - 512, 512);
  const std::vector<TableStructure> structures = open().structures;
  ASSERT_EQ(structures.size(), 3U);
  EXPECT_EQ(structures.back().name, "GPT partition entries");
}

TEST_F(HostileGpt, WarnsOfABackupThatDiffers) {
  change_entry(0, [](PartitionEntry& entry) { entry.attributes = 1; });
  EXPECT_EQ(open().partitions.at(0).attributes, 1U);
  EXPECT_EQ(
      warnings(),
      "the backup GPT has other partitions than the primary, which is used; `fstool repair-table IMAGE` makes them "
      "equal\n");
}

TEST_F(HostileGpt, DamageIsAnErrorWhereStrictnessIsAskedFor) {
  Context strict(registry_, {.threads = 1, .strict = true});
  wipe(kDiskSize - 512, 512);
  const auto [code, text] = error_of([&] { table_.open(*make_memory_blob(bytes_), strict); });
  EXPECT_EQ(code, ErrorCode::Corrupt);
  EXPECT_EQ(
      text,
      "the backup GPT is damaged (no header at sector 16383); the primary is used, and `fstool repair-table IMAGE` "
      "writes a new backup");
}

TEST_F(HostileGpt, AStaleTableBehindAnotherMbrIsNotProbed) {
  bytes_[446 + 4] = std::byte{0x83};
  EXPECT_TRUE(probe()) << "no partition begins at the header: the record was the protective one";
  bytes_[446 + 9] = std::byte{0x08};  // from sector 0x801 on
  EXPECT_FALSE(probe());
  wipe(0, 512);
  EXPECT_FALSE(probe());
}

TEST_F(HostileGpt, ATruncatedDiskIsProbedAndRefusedWithoutHarm) {
  for (const std::size_t size : {0U, 1U, 511U, 512U, 513U, 1023U, 1024U, 4096U, 8192U, 17408U, 1U << 20U, 3U << 20U}) {
    const BlobPtr disk = make_memory_blob({bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(size)});
    table_.probe(*disk);
    EXPECT_EQ(error_of([&] { table_.open(*disk, context_); }).first, ErrorCode::Corrupt) << size;
  }
}

TEST_F(HostileGpt, EveryFieldOfTheHeaderIsBounded) {
  const struct {
    std::function<void(Header&)> change;
    const char* problem;
  } cases[] = {
      {[](Header& h) { h.header_size = 91; }, "header size 91 is not between 92 and the sector's 512"},
      {[](Header& h) { h.header_size = 513; }, "header size 513"},
      {[](Header& h) { h.header_size = UINT32_MAX; }, "header size 4294967295"},
      {[](Header& h) { h.revision = 0x00020000; }, "header revision 0x00020000"},
      {[](Header& h) { h.my_lba = 2; }, "says that it belongs at 2"},
      {[](Header& h) { h.size_of_partition_entry = 0; }, "partition entry size 0"},
      {[](Header& h) { h.size_of_partition_entry = 127; }, "partition entry size 127"},
      {[](Header& h) { h.size_of_partition_entry = 192; }, "partition entry size 192"},
      {[](Header& h) { h.size_of_partition_entry = 0x80000000; }, "partition entry size 2147483648"},
      {[](Header& h) { h.number_of_partition_entries = UINT32_MAX; }, "4294967295 partition entries"},
      {[](Header& h) { h.number_of_partition_entries = 32768; }, "the partition entry array's CRC is wrong"},
      {[](Header& h) { h.partition_entry_lba = 1; }, "array at sector 1 does not lie on the disk"},
      {[](Header& h) { h.partition_entry_lba = UINT64_MAX; }, "does not lie on the disk"},
      {[](Header& h) { h.partition_entry_lba = kDiskSize / 512 - 31; }, "does not lie on the disk"},
      {[](Header& h) { h.partition_entry_array_crc32 = 0; }, "the partition entry array's CRC is wrong"},
  };
  const std::vector<std::byte> good = bytes_;
  for (const auto& [change, problem] : cases) {
    bytes_ = good;
    change_header(1, change);
    EXPECT_THAT(primary_problem(), HasSubstr(problem));
  }
}

TEST_F(HostileGpt, UsableSectorsThatLeaveOutPartitionsAreDamageToReadAround) {
  const struct {
    std::function<void(Header&)> change;
    const char* problem;
  } cases[] = {
      {[](Header& h) { h.first_usable_lba = 4096; },
       "partition 1 (sectors 2048 to 4095) is outside the usable sectors "
       "4096 to"},
      {[](Header& h) { h.first_usable_lba = UINT64_MAX; }, "outside the usable sectors 18446744073709551615 to"},
      {[](Header& h) { h.last_usable_lba = 4096; },
       "partition 2 (sectors 4096 to 8191) is outside the usable sectors "
       "34 to 4096"},
      {[](Header& h) { h.last_usable_lba = 0; }, "outside the usable sectors 34 to 0"},
  };
  const std::vector<std::byte> good = bytes_;
  for (const auto& [change, problem] : cases) {
    bytes_ = good;
    change_header(1, change);
    EXPECT_EQ(open().partitions.size(), 2U);
    EXPECT_THAT(warnings(), HasSubstr(problem));
  }
}

TEST_F(HostileGpt, EveryEntryIsBounded) {
  const struct {
    std::function<void(PartitionEntry&)> change;
    const char* problem;
  } cases[] = {
      {[](PartitionEntry& e) { e.ending_lba = 2047; }, "partition 1 ends before it begins"},
      {[](PartitionEntry& e) { e.ending_lba = UINT64_MAX; },
       "partition 1 (sectors 2048 to 18446744073709551615) is outside"},
      {[](PartitionEntry& e) { e.starting_lba = 0; }, "partition 1 (sectors 0 to 4095) is outside"},
      {[](PartitionEntry& e) { e.starting_lba = 1; }, "partition 1 (sectors 1 to 4095) is outside"},
      {[](PartitionEntry& e) { e.starting_lba = 33; }, "partition 1 (sectors 33 to 4095) is outside"},
      {[](PartitionEntry& e) { e.ending_lba = 4096; }, "partitions 1 and 2 overlap"},
  };
  const std::vector<std::byte> good = bytes_;
  for (const auto& [change, problem] : cases) {
    bytes_ = good;
    change_entry(0, change);
    EXPECT_THAT(primary_problem(), HasSubstr(problem));
  }
}

TEST_F(HostileGpt, PartitionsBehindTheEndOfTheDiskAreRefused) {
  change_header(1, [](Header& primary) { primary.last_usable_lba = UINT64_MAX - 1; });
  change_entry(1, [](PartitionEntry& entry) { entry.ending_lba = kDiskSize / 512; });
  EXPECT_THAT(primary_problem(), HasSubstr("partition 2 ends at sector 16384, but the disk has 16384 sectors"));
}

TEST_F(HostileGpt, LoneSurrogatesInNamesAreReplaced) {
  change_entry(0, [](PartitionEntry& entry) {
    entry.partition_name = {};
    entry.partition_name[0] = 'x';
    entry.partition_name[1] = 0xD800;
    entry.partition_name[2] = 'y';
    entry.partition_name[3] = 0xDC00;
  });
  EXPECT_EQ(open().partitions.at(0).name, "x\xEF\xBF\xBDy\xEF\xBF\xBD");
}

TEST_F(HostileGpt, NoSingleDamagedByteOfTheTableBreaksReading) {
  const std::vector<std::byte> good = bytes_;
  for (std::size_t offset = 512; offset < 1024 + 3 * sizeof(PartitionEntry); ++offset) {
    bytes_[offset] ^= std::byte{0xff};
    EXPECT_EQ(open().partitions.size(), 2U) << offset;
    bytes_[offset] = good[offset];
  }
}

}  // namespace
}  // namespace fstool::gpt

// What check() says of damaged tables, and of chains of logical partitions.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>

#include "mbr.h"
#include "partition_table_fixture.h"
#include "structures.h"

namespace fstool::mbr {
namespace {

using test::kMiB;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Record {
  std::size_t index;
  std::uint8_t type;
  std::uint32_t first;
  std::uint32_t count;
};

class CheckMbr : public test::PartitionTableFixture {
 protected:
  /// Writes a boot record at a sector.
  void put(std::size_t sector, const std::vector<Record>& records) {
    MasterBootRecord mbr{};
    for (const Record& record : records) {
      PartitionRecord& entry = mbr.partitions[record.index];
      entry.os_type = record.type;
      entry.starting_lba = record.first;
      entry.size_in_lba = record.count;
    }
    mbr.signature = kSignature;
    std::memcpy(bytes_.data() + sector * 512, &mbr, sizeof(mbr));
  }

  static MbrTable table() { return MbrTable(MbrOptions{}); }

  std::vector<std::string> damage() {
    std::vector<std::string> found;
    Context::Settings settings;
    settings.threads = 1;
    settings.listener = listener_;
    settings.damage_listener = [&](std::string_view message) { found.emplace_back(message); };
    Context context(registry_, settings);
    MbrTable(MbrOptions{}).check(*make_memory_blob(bytes_), context);
    return found;
  }

  std::vector<std::byte> bytes_ = std::vector<std::byte>(8 * kMiB);
};

TEST_F(CheckMbr, SaysNothingOfAGoodTable) {
  put(0, {{0, 0x83, 2048, 2048}, {1, 0x05, 4096, 8192}});
  put(4096, {{0, 0x83, 2048, 1024}, {1, 0x05, 4096, 4096}});
  put(8192, {{0, 0x83, 2048, 2048}});
  EXPECT_THAT(damage(), IsEmpty());
  EXPECT_EQ(warnings(), "");
}

TEST_F(CheckMbr, AllProblemsAreTold) {
  put(0, {{0, 0x83, 2048, 4096}, {1, 0x83, 4096, 100'000}, {2, 0x83, 0, 1}});
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("partition 2 ends at sector 104095"),
                                    HasSubstr("partition 3 begins in the MBR itself"),
                                    HasSubstr("partitions 1 and 2 overlap at sector 4096")));
}

TEST_F(CheckMbr, AChainThatGoesInACircleEnds) {
  put(0, {{0, 0x0F, 4096, 8192}});
  put(4096, {{0, 0x83, 2048, 1024}, {1, 0x05, 0, 4096}});
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("its own successor")));
}

TEST_F(CheckMbr, AChainThatBreaksIsFound) {
  put(0, {{0, 0x0F, 4096, 8192}});
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("no boot record at sector 4096")));
  put(4096, {{0, 0x83, 2048, 1024}, {1, 0x05, 8192, 4096}});
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("outside of the extended partition")));
  put(4096, {{0, 0x83, 2048, 10'000}});
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("partition 5 ends at sector 16143, behind the extended partition")));
}

TEST_F(CheckMbr, WhatIsUnusualIsAWarning) {
  put(0, {{0, 0x83, 2049, 100}, {1, 0, 4096, 8}, {2, 0x83, 0, 0}});
  EXPECT_THAT(damage(), IsEmpty());
  EXPECT_THAT(warnings(), testing::AllOf(HasSubstr("not a multiple of 4 KiB"), HasSubstr("a size, but no type"),
                                         HasSubstr("a type, but no size")));
}

TEST_F(CheckMbr, AGptWithoutProtectionIsFound) {
  std::memcpy(bytes_.data() + 512, "EFI PART", 8);
  put(0, {{0, 0xFE, 1, 16'383}});
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("the protective MBR is damaged")));
  put(0, {{0, 0x83, 2048, 2048}});
  EXPECT_THAT(damage(), IsEmpty());
  EXPECT_THAT(warnings(), HasSubstr("a disk that had a GPT before"));
}

TEST_F(CheckMbr, OneWrongBootIndicatorIsDamageAndSeveralAreNoTable) {
  put(0, {{0, 0x83, 2048, 2048}});
  bytes_[446] = std::byte{0x33};
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("boot indicator 0x33")));
  bytes_[446 + 16] = std::byte{0x33};
  EXPECT_EQ(test::error_of([&] { damage(); }).first, ErrorCode::Corrupt);
}

TEST_F(CheckMbr, AMissingSignatureIsDamageOfGoodRecords) {
  put(0, {{0, 0x83, 2048, 2048}});
  bytes_[510] = std::byte{0};
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("the signature of the MBR is missing")));
  bytes_[446 + 15] = std::byte{0x7F};  // behind the end of the disk
  EXPECT_EQ(test::error_of([&] { damage(); }).first, ErrorCode::Corrupt);
}

TEST_F(CheckMbr, AMissingSignatureIsMended) {
  put(0, {{0, 0x83, 2048, 2048}});
  EXPECT_THAT(table().repair(*make_memory_blob(bytes_), context_), IsEmpty());
  bytes_[510] = bytes_[511] = std::byte{0};
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("fstool repair-table")));
  const std::vector<DiskPatch> patches = table().repair(*make_memory_blob(bytes_), context_);
  ASSERT_EQ(patches.size(), 1U);
  EXPECT_EQ(patches[0].what, "signature of the MBR");
  std::copy(patches[0].bytes.begin(), patches[0].bytes.end(),
            bytes_.begin() + static_cast<std::ptrdiff_t>(patches[0].offset));
  EXPECT_THAT(damage(), IsEmpty());
}

TEST_F(CheckMbr, NothingElseIsMended) {
  const auto refused = [&] { return test::error_of([&] { table().repair(*make_memory_blob(bytes_), context_); }); };
  EXPECT_THAT(refused().second, HasSubstr("no MBR"));
  put(0, {{0, 0x83, 2048, 2048}, {1, 0x83, 3000, 2048}});
  EXPECT_EQ(refused().first, ErrorCode::Corrupt);
  EXPECT_THAT(refused().second, HasSubstr("partitions 1 and 2 overlap at sector 3000, and an MBR has no copy"));
}

TEST_F(CheckMbr, AnEndlessChainIsCutOff) {
  put(0, {{0, 0x0F, 4, 16'000}});
  for (std::uint32_t at = 4; at < 4 + 4 * 1100; at += 4) put(at, {{0, 0x83, 1, 1}, {1, 0x05, at, 4}});
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("more than 1024 boot records")));
}

TEST_F(CheckMbr, ALogicalPartitionOnItsBootRecordIsFound) {
  put(0, {{0, 0x0F, 4096, 8192}});
  put(4096, {{0, 0x83, 0, 1024}});
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("partition 5 begins at sector 4096, in its own boot record")));
}

TEST_F(CheckMbr, ABootRecordInAPartitionIsFound) {
  put(0, {{0, 0x0F, 4096, 8192}});
  put(4096, {{0, 0x83, 2048, 2049}, {1, 0x05, 4096, 4096}});
  put(8192, {{0, 0x83, 2048, 2048}});
  EXPECT_THAT(damage(), ElementsAre(HasSubstr("partition 5 covers the boot record at sector 8192")));
}

/// Whatever the bytes are, a table is read, or an Error says why it isn't.
TEST_F(CheckMbr, RandomDamageIsAnErrorAtMost) {
  bytes_.resize(512 * 512);
  std::mt19937 random(1);  // NOLINT(*-msc51-cpp): the same damage in every run
  for (int round = 0; round < 500; ++round) {
    put(0, {{0, 0x83, 64, 64}, {1, 0x05, 128, 256}});
    put(128, {{0, 0x83, 64, 32}, {1, 0x05, 128, 128}});
    put(256, {{0, 0x83, 64, 64}});
    for (int change = 0; change < 4; ++change) {
      const std::size_t sector = std::array<std::size_t, 3>{0, 128, 256}[random() % 3];
      bytes_[sector * 512 + 446 + random() % 66] ^= static_cast<std::byte>(1 + random() % 255);
    }
    const BlobPtr disk = make_memory_blob(bytes_);
    try {
      table().probe(*disk);
      damage();
      for (const Partition& partition : table().open(*disk, context_).partitions) {
        EXPECT_LE(partition.offset, disk->size());
        EXPECT_LE(partition.size, disk->size() - partition.offset);
      }
      table().repair(*disk, context_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Corrupt) << error.what();
    }
  }
}

TEST_F(CheckMbr, NoMbrIsAnError) {
  EXPECT_EQ(test::error_of([&] { damage(); }).first, ErrorCode::Corrupt);
}

}  // namespace
}  // namespace fstool::mbr

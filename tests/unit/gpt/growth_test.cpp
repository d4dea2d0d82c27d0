// A GPT on a disk that has grown, as sgdisk and sfdisk see it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "gpt.h"
#include "partition_table_fixture.h"

namespace fstool::gpt {
namespace {

using test::kGiB;
using test::kMiB;
using test::run_tool;
using testing::HasSubstr;

class GptGrowth : public test::PartitionTableFixture {
 protected:
  /// The disk of `path` on a larger one, in a file of its own.
  std::filesystem::path grow(const std::filesystem::path& path, std::uint64_t size) {
    const std::filesystem::path grown = directory_.path() / "grown.img";
    test::write_blob(*table_.grow(open_file_blob(path), size, context_), grown);
    return grown;
  }

  void expect_sound(const std::filesystem::path& path) {
    const auto verdict = run_tool("sgdisk -v " + path.string());
    EXPECT_THAT(verdict.output, HasSubstr("No problems found."));
    const auto verified = run_tool("sfdisk --verify " + path.string());
    EXPECT_THAT(verified.output, HasSubstr("No errors detected."));
    table_.check(*open_file_blob(path), context_);
    EXPECT_EQ(warnings(), "");
  }

  std::filesystem::path two_partitions(std::uint64_t size = 64 * kMiB, std::uint32_t sector_size = 512) {
    return make_disk(table_, request({partition("boot", "esp", 8 * kMiB), partition("root", "linux", std::nullopt)},
                                     size, sector_size));
  }

  static std::vector<std::byte> bytes(const Blob& blob, std::uint64_t offset, std::uint64_t length) {
    std::vector<std::byte> result(length);
    blob.read(offset, result);
    return result;
  }

  GptTable table_{GptOptions{}};
};

TEST_F(GptGrowth, TheBackupMovesToTheNewEnd) {
  const auto before = two_partitions();
  for (const std::uint64_t size : {64 * kMiB, 64 * kMiB + 512, 65 * kMiB, 3 * kGiB}) {
    const auto after = grow(before, size);
    EXPECT_EQ(std::filesystem::file_size(after), size);
    expect_sound(after);
    const Layout layout = table_.open(*open_file_blob(after), context_);
    EXPECT_EQ(layout.partitions.size(), 2U);
    EXPECT_EQ(layout.structures.back().offset + layout.structures.back().size, size);
  }
}

TEST_F(GptGrowth, SectorsOf4KiBStayWhatTheyAre) {
  const auto after = grow(two_partitions(64 * kMiB, 4096), 96 * kMiB);
  const Layout layout = table_.open(*open_file_blob(after), context_);
  EXPECT_EQ(layout.sector_size, 4096U);
  EXPECT_EQ(layout.structures.back().offset, 96 * kMiB - 4096);
  table_.check(*open_file_blob(after), context_);
  EXPECT_EQ(warnings(), "");
  EXPECT_THROW(grow(two_partitions(64 * kMiB, 4096), 96 * kMiB + 512), Error);
}

TEST_F(GptGrowth, IsWhatSgdiskMakesOfIt) {
  const auto before = two_partitions();
  const auto theirs = directory_.path() / "theirs.img";
  std::filesystem::copy_file(before, theirs);
  std::filesystem::resize_file(theirs, 128 * kMiB);
  ASSERT_EQ(run_tool("sgdisk -e " + theirs.string()).exit_code, 0);
  test::expect_equal_tables(grow(before, 128 * kMiB), theirs);
}

TEST_F(GptGrowth, ContentsAndBootCodeStay) {
  const auto path = two_partitions();
  run_tool("printf boot-code | dd conv=notrunc status=none of=" + path.string());
  run_tool("yes content | head -c 50000 | dd conv=notrunc status=none bs=1M seek=1 of=" + path.string());
  run_tool("yes end | head -c 4000 | dd conv=notrunc status=none bs=512 seek=130900 of=" + path.string());
  const BlobPtr before = open_file_blob(path);
  const BlobPtr after = table_.grow(before, 80 * kMiB, context_);
  EXPECT_EQ(bytes(*after, 0, 440), bytes(*before, 0, 440));
  EXPECT_EQ(bytes(*after, kMiB, 62 * kMiB), bytes(*before, kMiB, 62 * kMiB));
  EXPECT_EQ(bytes(*after, 130900 * 512, 4096), bytes(*before, 130900 * 512, 4096));
  // Where the backup was.
  EXPECT_TRUE(is_zero(bytes(*after, 64 * kMiB - 33 * 512, 33 * 512)));
}

TEST_F(GptGrowth, ADamagedCopyIsMadeAnewOfTheOther) {
  for (const std::string at : {"512", "1024", "-512"}) {
    const auto path = two_partitions();
    const std::string offset = at == "-512" ? std::to_string(64 * kMiB - 512) : at;
    run_tool("printf damage | dd conv=notrunc status=none bs=1 seek=" + offset + " of=" + path.string());
    const BlobPtr grown = table_.grow(open_file_blob(path), 80 * kMiB, context_);
    EXPECT_NE(warnings(), "");
    const auto repaired = directory_.path() / "repaired.img";
    test::write_blob(*grown, repaired);
    EXPECT_THAT(run_tool("sgdisk -v " + repaired.string()).output, HasSubstr("No problems found.")) << at;
  }
}

TEST_F(GptGrowth, ABackupThatIsNotAtTheEndComesThere) {
  const auto path = two_partitions();
  std::filesystem::resize_file(path, 70 * kMiB);
  expect_sound(grow(path, 70 * kMiB));
}

TEST_F(GptGrowth, TheBackupNeedsRoomBehindTheLastPartition) {
  const auto path = two_partitions();
  const Partition last = table_.open(*open_file_blob(path), context_).partitions.back();
  const std::uint64_t end = last.offset + last.size;
  std::filesystem::resize_file(path, end);
  try {
    table_.grow(open_file_blob(path), end, context_);
    ADD_FAILURE() << "no error was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::NoSpace);
    EXPECT_THAT(error.what(), HasSubstr("the backup GPT doesn't fit behind the last partition"));
  }
}

TEST_F(GptGrowth, AHybridMbrKeepsItsRecords) {
  const auto path = two_partitions();
  ASSERT_EQ(run_tool("sgdisk -h 1 " + path.string()).exit_code, 0);
  const BlobPtr before = open_file_blob(path);
  const auto grown = grow(path, 80 * kMiB);
  const auto records = bytes(*open_file_blob(grown), 446, 64);
  EXPECT_EQ(std::count(records.begin(), records.end(), std::byte{0xee}), 1);
  EXPECT_THAT(run_tool("sgdisk -v " + grown.string()).output, HasSubstr("No problems found."));
}

}  // namespace
}  // namespace fstool::gpt

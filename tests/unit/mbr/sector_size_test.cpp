// How large the sectors are that the records count in, which they don't say.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "fstool/filesystem.h"
#include "mbr.h"
#include "partition_table_fixture.h"
#include "structures.h"

namespace fstool::mbr {
namespace {

using test::kMiB;
using test::run_tool;
using testing::ElementsAre;
using testing::HasSubstr;

/// A file system that begins with its name.
class MarkedFilesystem : public Filesystem {
 public:
  static constexpr std::string_view kMark = "marked";

  FormattedVolume format(std::shared_ptr<const Tree> /*tree*/, const FormatRequest& /*request*/,
                         Context& /*context*/) override {
    return {};
  }
  bool probe(const Blob& image) const override {
    std::vector<std::byte> start(kMark.size());
    if (image.size() < start.size()) return false;
    image.read(0, start);
    return std::memcmp(start.data(), kMark.data(), kMark.size()) == 0;
  }
};

class SectorSize : public test::PartitionTableFixture {
 protected:
  SectorSize() {
    Format<Filesystem> format;
    format.info.name = "marked";
    format.create = [](const OptionTable&) { return std::make_unique<MarkedFilesystem>(); };
    registry_.add(std::move(format));
  }

  static BlobPtr file_system() {
    std::vector<std::byte> bytes(4096);
    std::memcpy(bytes.data(), MarkedFilesystem::kMark.data(), MarkedFilesystem::kMark.size());
    return make_memory_blob(std::move(bytes));
  }

  /// The sector size that is read from a disk with the given contents.
  std::uint32_t found(const TableRequest& wanted, std::vector<BlobPtr> contents) {
    const Layout layout = table_.plan(wanted, context_);
    const BlobPtr disk = table_.compose(wanted, layout, std::move(contents), context_);
    EXPECT_TRUE(table_.probe(*disk));
    table_.check(*disk, context_);
    const Layout opened = table_.open(*disk, context_);
    EXPECT_EQ(warnings(), "");
    if (opened.sector_size == wanted.sector_size) {
      EXPECT_EQ(opened.partitions.front().offset, layout.partitions.front().offset);
      EXPECT_EQ(opened.partitions.front().size, layout.partitions.front().size);
    }
    return opened.sector_size;
  }

  TableRequest one(std::uint32_t sector_size) const {
    return request({partition("a", "linux", kMiB)}, 64 * kMiB, sector_size);
  }

  MbrTable table_{MbrOptions{}};
};

TEST_F(SectorSize, AFileSystemSaysWhereItsPartitionIs) {
  EXPECT_EQ(found(one(512), {file_system()}), 512U);
  EXPECT_EQ(found(one(4096), {file_system()}), 4096U);
}

TEST_F(SectorSize, EmptyPartitionsAreTakenForTheUsualSectors) {
  EXPECT_EQ(found(one(512), {}), 512U);
  EXPECT_EQ(found(one(4096), {}), 512U);
}

TEST_F(SectorSize, ABootRecordSaysWhereTheExtendedPartitionIs) {
  const std::vector<PartitionRequest> five(5, partition("", "linux", kMiB));
  EXPECT_EQ(found(request(five, 256 * kMiB, 512), {}), 512U);
  const TableRequest wanted = request(five, 256 * kMiB, 4096);
  EXPECT_EQ(found(wanted, {}), 4096U);
  const BlobPtr disk = table_.compose(wanted, table_.plan(wanted, context_), {}, context_);
  const Layout opened = table_.open(*disk, context_);
  ASSERT_EQ(opened.partitions.size(), 6U);
  EXPECT_EQ(opened.partitions.back().number, 6U);
  EXPECT_EQ(opened.partitions.back().offset, 7 * kMiB);
}

TEST_F(SectorSize, EvidenceForBothMeansTheUsualSectors) {
  // A stale file system where sectors of 4096 bytes would put the partition.
  const TableRequest wanted =
      request({partition("a", "linux", kMiB), partition("b", "linux", kMiB, 8 * kMiB)}, 128 * kMiB);
  EXPECT_EQ(found(wanted, {file_system(), file_system()}), 512U);
}

TEST_F(SectorSize, RecordsThatDoNotFitMeanTheUsualSectors) {
  EXPECT_EQ(found(request({partition("a", "linux", 48 * kMiB)}, 64 * kMiB), {}), 512U);
}

TEST_F(SectorSize, DisksOfFdiskWithSectorsOf4096Bytes) {
  const auto path = directory_.path() / "fdisk.img";
  const auto made = run_tool("truncate -s 64M " + path.string() +
                             " && printf 'o\nn\np\n1\n\n+10M\nn\ne\n2\n\n\nn\n\n+10M\nn\n\n+5M\nw\n' | fdisk -b "
                             "4096 " +
                             path.string());
  ASSERT_EQ(made.exit_code, 0) << made.output;
  const BlobPtr disk = open_file_blob(path);
  EXPECT_TRUE(table_.probe(*disk));
  const Layout layout = table_.open(*disk, context_);
  EXPECT_EQ(layout.sector_size, 4096U);
  std::vector<std::uint64_t> offsets;
  for (const Partition& partition : layout.partitions) offsets.push_back(partition.offset / kMiB);
  EXPECT_THAT(offsets, ElementsAre(1, 11, 12, 23));
  table_.check(*disk, context_);
  EXPECT_EQ(warnings(), "");
}

}  // namespace
}  // namespace fstool::mbr

// `fstool repair-table` brings back, byte for byte, what was lost of a partition table, and touches nothing else.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kDiskSize = 16 * kMiB;

class TableRepair : public testing::Test {
 protected:
  /// disk.img, and a copy of it.
  void build(const std::string& table, unsigned sector_size = 512) const {
    write_text(work_ / "spec.toml", fmt::format("[image]\npartition_table = \"{}\"\nsize = {}\nsector_size = {}\n"
                                                "[[partitions]]\nname = \"a\"\ntype = \"linux\"\nsize = \"4MiB\"\n"
                                                "[partitions.filesystem]\ntype = \"ext4\"\n"
                                                "[[partitions]]\nname = \"b\"\ntype = \"linux\"\nsize = \"remaining\"\n"
                                                "content = {{ fill = 0x5a }}\n",
                                                table, kDiskSize, sector_size));
    expect_success({FSTOOL_E2E_PROGRAM, "run", path("spec.toml"), "-o", path("disk.img"), "-q"});
    fs::copy_file(work_ / "disk.img", work_ / "original.img");
  }

  std::string path(const std::string& name) const { return (work_ / name).string(); }

  /// Writes garbage, and makes sure that it is noticed.
  void damage(std::uint64_t offset, std::size_t size) const {
    std::fstream file(work_ / "disk.img", std::ios::binary | std::ios::in | std::ios::out);
    file.exceptions(std::ios::badbit | std::ios::failbit);
    file.seekp(static_cast<std::streamoff>(offset));
    const std::string garbage(size, '\xe5');
    file.write(garbage.data(), static_cast<std::streamsize>(garbage.size()));
  }

  ProcessResult repair(const Command& arguments = {}) const {
    Command command = {"repair-table", path("disk.img")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run_fstool(command);
  }

  void expect_damaged() const {
    const ProcessResult check = run_fstool({"check", path("disk.img")});
    EXPECT_EQ(check.exit_code, 1) << check.output();
    EXPECT_NE(check.out.find("repair-table"), std::string::npos) << check.output();
  }

  bool is_original(const std::string& image) const {
    return run({"cmp", path(image), path("original.img")}).exit_code == 0;
  }

  const TempDir work_;
};

struct Loss {
  std::string name;
  std::uint64_t offset = 0;
  std::size_t size = 0;
  unsigned sector_size = 512;
};

std::ostream& operator<<(std::ostream& out, const Loss& loss) { return out << loss.name; }

class LostPartOfGpt : public TableRepair, public testing::WithParamInterface<Loss> {};

TEST_P(LostPartOfGpt, IsBackByteForByte) {
  FSTOOL_E2E_REQUIRE(false, {"cmp", "sgdisk"});
  const Loss& loss = GetParam();
  build("gpt", loss.sector_size);
  damage(loss.offset, loss.size);
  expect_damaged();
  const std::string before = sha256(work_ / "disk.img");

  const ProcessResult dry = repair({"--dry-run", "--json"});
  EXPECT_EQ(dry.exit_code, 0) << dry.output();
  const auto report = nlohmann::json::parse(dry.out);
  EXPECT_EQ(report.at("partition_table"), "gpt");
  EXPECT_FALSE(report.at("patches").empty());
  EXPECT_EQ(report.at("written"), false);
  EXPECT_EQ(sha256(work_ / "disk.img"), before);

  const ProcessResult mended = repair();
  EXPECT_EQ(mended.exit_code, 0) << mended.output();
  EXPECT_TRUE(is_original("disk.img"));
  if (loss.sector_size == 512) {
    EXPECT_NE(run({"sgdisk", "--verify", path("disk.img")}).out.find("No problems found"), std::string::npos);
  }
  const ProcessResult again = repair();
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_EQ(again.out, "the gpt partition table is good\n");
}

INSTANTIATE_TEST_SUITE_P(
    Losses, LostPartOfGpt,
    testing::Values(Loss{"Header", 512, 512}, Loss{"ByteOfTheHeader", 560, 1}, Loss{"Entries", 1024, 300},
                    Loss{"HeaderAndEntries", 512, 16896}, Loss{"WholePrimary", 440, 16968},
                    Loss{"ProtectiveMbr", 440, 72}, Loss{"TypeOfTheProtectiveRecord", 450, 1},
                    Loss{"TypeOfTheProtectiveRecord4096", 450, 1, 4096}, Loss{"BackupHeader", kDiskSize - 512, 512},
                    Loss{"BackupEntries", kDiskSize - 16896, 1024}, Loss{"WholeBackup", kDiskSize - 16896, 16896},
                    Loss{"Header4096", 4096, 4096, 4096}, Loss{"WholeBackup4096", kDiskSize - 20480, 20480, 4096}),
    [](const testing::TestParamInfo<Loss>& param) { return param.param.name; });

TEST_F(TableRepair, OfAGrownDiskPutsTheBackupAtItsEnd) {
  FSTOOL_E2E_REQUIRE(false, {"sgdisk", "sfdisk"});
  build("gpt");
  fs::resize_file(work_ / "disk.img", 20 * kMiB);
  expect_damaged();
  EXPECT_EQ(repair().exit_code, 0);
  const ProcessResult verified = run({"sgdisk", "--verify", path("disk.img")});
  EXPECT_NE(verified.out.find("No problems found"), std::string::npos) << verified.output();
  const std::vector<Extent> partitions = partitions_of(work_ / "disk.img");
  const std::vector<Extent> originals = partitions_of(work_ / "original.img");
  ASSERT_EQ(partitions.size(), 2U);
  EXPECT_EQ(partitions[1].offset, originals[1].offset);
  EXPECT_EQ(partitions[1].size, originals[1].size);
}

TEST_F(TableRepair, IsOnlyPlannedWhereThatIsAskedFor) {
  build("gpt");
  damage(512, 512);
  const std::string before = sha256(work_ / "disk.img");
  for (const char* const option : {"--dry-run", "--plan"}) {
    const ProcessResult result = repair({option});
    EXPECT_EQ(result.exit_code, 0) << result.output();
    EXPECT_NE(result.out.find("would write GPT header"), std::string::npos) << result.out;
  }
  EXPECT_EQ(repair({"-O", "compression=zstd"}).exit_code, 2) << "there is nothing that it could be for";
  EXPECT_EQ(sha256(work_ / "disk.img"), before);
}

TEST_F(TableRepair, WithoutAGoodCopyWritesNothing) {
  build("gpt");
  damage(512, 512);
  damage(kDiskSize - 512, 512);
  const std::string before = sha256(work_ / "disk.img");
  const ProcessResult result = repair();
  EXPECT_EQ(result.exit_code, 1) << result.output();
  EXPECT_EQ(sha256(work_ / "disk.img"), before);
}

TEST_F(TableRepair, OfAnMbrBringsItsSignatureBack) {
  FSTOOL_E2E_REQUIRE(false, {"cmp"});
  build("mbr");
  damage(510, 2);
  expect_damaged();
  EXPECT_EQ(repair().exit_code, 0);
  EXPECT_TRUE(is_original("disk.img"));
}

TEST_F(TableRepair, OfLogicalPartitionsWhoseChainIsBrokenWritesNothing) {
  FSTOOL_E2E_REQUIRE(false, {"sfdisk"});
  std::ofstream(work_ / "disk.img").close();
  fs::resize_file(work_ / "disk.img", kDiskSize);
  write_text(work_ / "script",
             "label: dos\nstart=2048, size=30720, type=5\nstart=4096, size=2048, type=83\n"
             "start=8192, size=2048, type=83\n");
  expect_success({"sh", "-c", fmt::format("sfdisk -q {} < {}", path("disk.img"), path("script"))});
  EXPECT_EQ(repair().out, "the mbr partition table is good\n");
  damage(2048 * 512 + 510, 2);
  const std::string before = sha256(work_ / "disk.img");
  const ProcessResult result = repair();
  EXPECT_EQ(result.exit_code, 1) << result.output();
  EXPECT_NE(result.err.find("there is no boot record at sector 2048, and an MBR has no copy"), std::string::npos)
      << result.err;
  EXPECT_EQ(sha256(work_ / "disk.img"), before);
}

TEST_F(TableRepair, OfAContainerIsWrittenToACopy) {
  FSTOOL_E2E_REQUIRE(false, {"cmp", "qemu-img"});
  build("gpt");
  damage(512, 512);
  expect_success({"qemu-img", "convert", "-f", "raw", "-O", "qcow2", path("disk.img"), path("disk.qcow2")});
  const std::string before = sha256(work_ / "disk.qcow2");
  const ProcessResult in_place = run_fstool({"repair-table", path("disk.qcow2")});
  EXPECT_EQ(in_place.exit_code, 1);
  EXPECT_NE(in_place.err.find("write the mended disk to another image with -o FILE"), std::string::npos)
      << in_place.err;
  EXPECT_EQ(sha256(work_ / "disk.qcow2"), before);

  const ProcessResult copied = run_fstool({"repair-table", path("disk.qcow2"), "-o", path("mended.qcow2"), "-q"});
  EXPECT_EQ(copied.exit_code, 0) << copied.output();
  expect_success({"qemu-img", "convert", "-O", "raw", path("mended.qcow2"), path("mended.img")});
  EXPECT_TRUE(is_original("mended.img"));
}

TEST_F(TableRepair, OfADiskWithoutATableSaysSo) {
  write_text(work_ / "disk.img", std::string(100'000, 'x'));
  const ProcessResult result = repair();
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("nothing is left of a partition table"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace fstool::e2e

// A whole disk from a directory, through every stage: the tools that people use to look at such disks find nothing
// wrong, and the mounted root is the directory.
//
// FSTOOL_FULL=1 in the environment adds a Debian root that mmdebstrap makes, which takes minutes and the network.

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <ostream>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

struct DiskCase {
  std::string name;
  std::string table;      ///< "gpt", "mbr"
  std::string container;  ///< "raw", "qcow2"
  std::string codec;      ///< empty: none
  std::string root = "system";
};

std::ostream& operator<<(std::ostream& out, const DiskCase& disk) { return out << disk.name; }

std::vector<DiskCase> disk_cases() {
  std::vector<DiskCase> cases = {
      {.name = "GptInQcow2WithZstd", .table = "gpt", .container = "qcow2", .codec = "zstd"},
      {.name = "MbrInQcow2WithDeflate", .table = "mbr", .container = "qcow2", .codec = "deflate"},
      {.name = "GptInQcow2", .table = "gpt", .container = "qcow2", .codec = ""},
      {.name = "GptInRaw", .table = "gpt", .container = "raw", .codec = ""},
  };
  if (is_full_run()) {
    cases.push_back({.name = "DebianInGptInQcow2WithZstd",
                     .table = "gpt",
                     .container = "qcow2",
                     .codec = "zstd",
                     .root = "debian"});
  }
  return cases;
}

std::string spec_of(const DiskCase& disk, const std::filesystem::path& source) {
  std::string spec = "[container]\ntype = \"" + disk.container + "\"\n";
  if (!disk.codec.empty()) spec += "[codec]\ntype = \"" + disk.codec + "\"\n";
  spec += "[image]\npartition_table = \"" + disk.table + "\"\nsize = \"auto\"\n";
  spec += "[[partitions]]\ntype = \"linux\"\n";
  if (disk.table == "gpt") spec += "name = \"root\"\n";
  spec += "[partitions.filesystem]\ntype = \"ext4\"\nsource = \"" + source.string() + "\"\n";
  return spec + "volume_label = \"ROOT\"\n";
}

class DiskImage : public testing::TestWithParam<DiskCase> {
 protected:
  /// The source, made once for all tests of a run.
  static const std::filesystem::path& source(const std::string& root) {
    static const TempDir directory;
    static std::map<std::string, std::filesystem::path> made;
    const auto [entry, is_new] = made.try_emplace(root, directory / root);
    if (is_new && root == "debian") {
      expect_success({"mmdebstrap", "--quiet", "--variant=important", "bookworm", entry->second.string()});
    } else if (is_new) {
      build_system_tree(TreeBuilder(entry->second));
    }
    return entry->second;
  }
};

/// The compression that a qcow2 file names in its header.
void expect_qemu_accepts(const std::filesystem::path& image, const DiskCase& disk) {
  expect_success({"qemu-img", "check", image.string()});
  const std::string info = expect_success({"qemu-img", "info", image.string()});
  EXPECT_NE(info.find("file format: qcow2"), std::string::npos) << info;
  const std::string compression = disk.codec == "zstd" ? "zstd" : "zlib";
  EXPECT_NE(info.find("compression type: " + compression), std::string::npos) << info;
}

void expect_valid_table(const std::filesystem::path& raw, const std::string& table) {
  const ProcessResult sfdisk = run({"sfdisk", "--verify", raw.string()});
  EXPECT_EQ(sfdisk.exit_code, 0) << sfdisk.output();
  EXPECT_NE(sfdisk.output().find("No errors detected"), std::string::npos) << sfdisk.output();
  if (table != "gpt") return;
  const ProcessResult sgdisk = run({"sgdisk", "--verify", raw.string()});
  EXPECT_EQ(sgdisk.exit_code, 0) << sgdisk.output();
  EXPECT_NE(sgdisk.output().find("No problems found"), std::string::npos) << sgdisk.output();
}

TEST_P(DiskImage, IsCleanAndItsRootEqualsTheSource) {
  const DiskCase& disk = GetParam();
  FSTOOL_E2E_REQUIRE(true, {"qemu-img", "sgdisk", "sfdisk", "e2fsck"});
  if (disk.root == "debian") FSTOOL_E2E_REQUIRE(true, {"mmdebstrap"});
  const std::filesystem::path& root = source(disk.root);
  const std::uint64_t nodes = count_nodes(root);
  ASSERT_GE(nodes, 10'000U);

  const TempDir work;
  write_text(work / "spec.toml", spec_of(disk, root));
  const std::filesystem::path image = work / "disk.image";
  expect_fstool_builds({"run", (work / "spec.toml").string(), "-o", image.string()}, nodes);

  std::filesystem::path raw = image;
  if (disk.container == "qcow2") {
    expect_qemu_accepts(image, disk);
    raw = work / "disk.raw";
    expect_success({"qemu-img", "convert", "-O", "raw", image.string(), raw.string()});
  }
  ASSERT_GE(std::filesystem::file_size(raw), std::uint64_t{300} * 1000 * 1000);
  expect_valid_table(raw, disk.table);
  const std::vector<Extent> partitions = partitions_of(raw);
  ASSERT_EQ(partitions.size(), 1U);
  expect_clean_ext4(raw, partitions[0].offset);
  expect_mounted_equals(raw, root, partitions[0]);
}

INSTANTIATE_TEST_SUITE_P(Disks, DiskImage, testing::ValuesIn(disk_cases()),
                         [](const testing::TestParamInfo<DiskCase>& param) { return param.param.name; });

}  // namespace
}  // namespace fstool::e2e

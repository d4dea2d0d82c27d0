// Hash trees: veritysetup accepts what is on the disk with the root hash that fstool tells, and nothing else.

#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

/// A root and its hash tree, which are found by the root hash.
constexpr const char* kSpec = R"(
[image]
partition_table = "gpt"
[[partitions]]
name = "root"
type = "root-x86-64"
size = "32MiB"
uuid = "${verity.root.hash_uuid_data}"
[partitions.filesystem]
type = "ext4"
source = "tree"
[[partitions]]
name = "root-verity"
type = "root-x86-64-verity"
uuid = "${verity.root.hash_uuid_hash}"
[partitions.derive]
type = "verity"
from = "root"
)";

class Verity : public testing::Test {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(false, {"veritysetup", "blkid", "sfdisk", "dd"});
    tree_.file("hostname", "verity\n");
    tree_.file("data", 3'000'000, Content::Random);
    tree_.settle_times();
    write_text(work_ / "spec.toml", kSpec);
  }

  void build(const std::string& threads = "2") const {
    const ProcessResult built =
        run_fstool({"run", (work_ / "spec.toml").string(), "-o", image_.string(), "--force", "--threads", threads});
    ASSERT_EQ(built.exit_code, 0) << built.output();
  }

  /// Copies a partition of the image, counted from 0.
  fs::path partition(std::size_t index, const std::string& name) const {
    const Extent place = partitions_of(image_).at(index);
    const fs::path copy = work_ / name;
    expect_success({"dd", "if=" + image_.string(), "of=" + copy.string(), "bs=1M", "iflag=skip_bytes,count_bytes",
                    "skip=" + std::to_string(place.offset), "count=" + std::to_string(place.size), "conv=sparse"});
    return copy;
  }

  /// The root hash, out of the UUIDs of the two partitions.
  std::string root_hash() const {
    const auto table = nlohmann::json::parse(expect_success({"sfdisk", "--json", image_.string()}));
    std::string digits;
    for (const auto& entry : table.at("partitiontable").at("partitions")) {
      for (const char c : entry.at("uuid").get<std::string>()) {
        if (c != '-') digits += static_cast<char>(std::tolower(c));
      }
    }
    return digits;
  }

  const TempDir work_;
  const TreeBuilder tree_ = TreeBuilder(work_ / "tree");
  const fs::path image_ = work_ / "disk.img";
};

TEST_F(Verity, TreeOfAPartitionIsAcceptedAndOtherDataIsNot) {
  build();
  const fs::path data = partition(0, "data");
  const fs::path tree = partition(1, "hashes");
  const Command verify = {"veritysetup", "verify", data.string(), tree.string(), root_hash()};
  expect_success(verify);
  EXPECT_NE(expect_success({"blkid", "-p", tree.string()}).find("TYPE=\"DM_verity_hash\""), std::string::npos);
  std::fstream file(data, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(20'000'000);
  file.put('\x01');
  file.close();
  EXPECT_NE(run(verify).exit_code, 0);
}

TEST_F(Verity, TreeIsToldOfAndChecked) {
  build();
  const ProcessResult told = run_fstool({"info", image_.string()});
  ASSERT_EQ(told.exit_code, 0) << told.output();
  EXPECT_NE(told.out.find("sha256"), std::string::npos) << told.out;
  EXPECT_EQ(run_fstool({"check", image_.string(), "--quiet"}).output(), "");
  const Extent place = partitions_of(image_).at(1);
  std::fstream file(image_, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(place.offset + 3 * 4096));
  file.write("damage", 6);
  file.close();
  const ProcessResult checked = run_fstool({"check", image_.string()});
  EXPECT_NE(checked.exit_code, 0);
  EXPECT_NE(checked.output().find("level 0, block 1: not the hash"), std::string::npos) << checked.output();
}

TEST_F(Verity, TreeDoesNotDependOnTheNumberOfThreads) {
  build("1");
  const std::string once = sha256(image_);
  build("5");
  EXPECT_EQ(sha256(image_), once);
}

TEST_F(Verity, TreeIsNotAFileSystemToMake) {
  const ProcessResult refused =
      run_fstool({"create", "-t", "verity", (work_ / "tree").string(), "-o", image_.string()});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("[partitions.derive]"), std::string::npos) << refused.err;
  EXPECT_FALSE(fs::exists(image_));
}

}  // namespace
}  // namespace fstool::e2e

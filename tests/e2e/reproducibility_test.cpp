// The same source and spec give the same bytes: on every run, with any number of threads, from any copy of the tree.

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

struct Output {
  std::string name;
  std::string file;
  std::string codec;  ///< empty: none
};

std::ostream& operator<<(std::ostream& out, const Output& output) { return out << output.name; }

/// Copies a tree with its owners, times, links and attributes, entry by entry in an order of its own, so that inode
/// numbers and the order of directories differ from the original's.
void copy_in_another_order(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::vector<std::string> entries;
  for (const auto& entry : std::filesystem::directory_iterator(from)) entries.push_back(entry.path().string());
  std::ranges::sort(entries);
  std::ranges::shuffle(entries, std::mt19937_64(7));
  std::filesystem::create_directory(to);
  Command copy = {"cp", "--archive", "--"};
  copy.insert(copy.end(), entries.begin(), entries.end());
  copy.push_back(to.string());
  expect_success(copy);
  expect_success({"chmod", "--reference=" + from.string(), to.string()});
  expect_success({"touch", "--reference=" + from.string(), to.string()});
}

class Reproducibility : public testing::TestWithParam<Output> {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(true, {"sha256sum", "cp"});
    for (unsigned i = 0; i < 600; ++i) {
      const std::string path = "file-" + std::to_string(i * 7919 % 600);
      tree_.file(path, i * 37, i % 2 == 0 ? Content::Text : Content::Random);
      if (i % 50 == 0) tree_.hard_link(path + "-again", path);
      if (i % 40 == 0) tree_.xattr(path, "user.number", std::to_string(i));
    }
    tree_.directory("directory");
    tree_.symlink("directory/link", std::string(100, 't'));
    tree_.file("large", 20'000'000, Content::Text);
    tree_.write_at("sparse", 3'000'000, 70'000, Content::Random);
    tree_.settle_times();
  }

  /// Builds a disk from `source` and returns the hash of the output.
  std::string build(const std::string& source, const Command& arguments = {}, const ProcessOptions& options = {}) {
    const Output& output = GetParam();
    std::string spec = "seed = \"reproducibility\"\n";
    if (!output.codec.empty()) spec += "[codec]\ntype = \"" + output.codec + "\"\n";
    spec += "[image]\npartition_table = \"gpt\"\n[[partitions]]\nname = \"root\"\ntype = \"linux\"\n";
    spec += "[partitions.filesystem]\ntype = \"ext4\"\nsource = \"" + source + "\"\n";
    write_text(work_ / "spec.toml", spec);
    const std::filesystem::path image = work_ / output.file;
    Command command = {"run", (work_ / "spec.toml").string(), "-o", image.string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    expect_fstool_builds(command, 0, options);
    return sha256(image);
  }

  const TempDir work_;
  const TreeBuilder tree_ = TreeBuilder(work_ / "tree");
};

TEST_P(Reproducibility, TwoRunsGiveTheSameBytes) { EXPECT_EQ(build("tree"), build("tree")); }

TEST_P(Reproducibility, TheNumberOfThreadsDoesNotMatter) {
  const std::string expected = build("tree", {"--threads", "1"});
  for (const char* const threads : {"2", "7"}) EXPECT_EQ(build("tree", {"--threads", threads}), expected) << threads;
}

TEST_P(Reproducibility, TheOrderInWhichTheTreeWasMadeDoesNotMatter) {
  copy_in_another_order(tree_.root(), work_ / "copy");
  EXPECT_EQ(build("copy"), build("tree"));
}

TEST_P(Reproducibility, SourceDateEpochIsTheClock) {
  const std::string expected = build("tree", {}, {.environment = {{"SOURCE_DATE_EPOCH", "1000000000"}}});
  EXPECT_EQ(build("tree", {}, {.environment = {{"SOURCE_DATE_EPOCH", "1000000000"}}}), expected);
  EXPECT_NE(build("tree", {}, {.environment = {{"SOURCE_DATE_EPOCH", "1100000000"}}}), expected);
}

INSTANTIATE_TEST_SUITE_P(Outputs, Reproducibility,
                         testing::Values(Output{.name = "Raw", .file = "disk.img", .codec = ""},
                                         Output{.name = "Qcow2", .file = "disk.qcow2", .codec = ""},
                                         Output{.name = "Qcow2Deflate", .file = "disk.qcow2", .codec = "deflate"},
                                         Output{.name = "Qcow2Zstd", .file = "disk.qcow2", .codec = "zstd"},
                                         Output{.name = "VmdkSparse", .file = "disk.vmdk", .codec = ""},
                                         Output{.name = "VmdkStream", .file = "disk.vmdk", .codec = "zlib"},
                                         Output{.name = "Simg", .file = "disk.simg", .codec = ""}),
                         [](const testing::TestParamInfo<Output>& param) { return param.param.name; });

TEST(Reproducible, TheSuperblockRecordsSourceDateEpoch) {
  FSTOOL_E2E_REQUIRE(false, {"dumpe2fs"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", "x");
  const std::filesystem::path image = work / "image.ext4";
  expect_fstool_builds({"create", "-t", "ext4", tree.root().string(), "-o", image.string()}, 0,
                       {.environment = {{"SOURCE_DATE_EPOCH", "1000000000"}}});
  const std::string header = expect_success({"dumpe2fs", "-h", image.string()}, {.environment = {{"TZ", "UTC"}}});
  EXPECT_NE(header.find("Filesystem created:       Sun Sep  9 01:46:40 2001"), std::string::npos) << header;
}

}  // namespace
}  // namespace fstool::e2e

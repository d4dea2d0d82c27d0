// Trees at and beyond the usual limits: e2fsck finds the images clean, and the kernel sees the source in them.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <optional>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

/// A file name of exactly `length` bytes that ends in `number`.
std::string long_name(unsigned number, std::size_t length) {
  const std::string digits = std::to_string(number);
  return std::string(length - digits.size(), 'n') + digits;
}

/// The source lies in memory, where a hundred thousand files are made in no time and nothing limits attributes.
class Extremes : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(true, {"e2fsck"});
    memory_.emplace("none", "tmpfs", Access::ReadWrite, "size=1g,nr_inodes=0");
    tree_.emplace(memory_->path() / "tree");
  }

  const TreeBuilder& tree() const { return *tree_; }

  /// Makes an ext4 image of the tree and has it judged. Returns its path.
  std::filesystem::path expect_good_image() const {
    tree().settle_times();
    std::filesystem::path image = work_ / "image.ext4";
    expect_fstool_builds({"create", "-t", "ext4", tree().root().string(), "-o", image.string(), "-O",
                          "block_size=" + std::to_string(GetParam())},
                         count_nodes(tree().root()));
    expect_clean_ext4(image);
    expect_mounted_equals(image, tree().root());
    return image;
  }

 private:
  const TempDir work_;
  std::optional<Mount> memory_;
  std::optional<TreeBuilder> tree_;
};

TEST_P(Extremes, AnEmptyTree) { expect_good_image(); }

TEST_P(Extremes, DirectoriesOfAnySize) {
  tree().directory("0 entries");
  tree().directory("1 entry");
  tree().file("1 entry/only", "1");
  tree().directory("1000 entries");
  for (unsigned i = 0; i < 1000; ++i) tree().file("1000 entries/" + long_name(i, 4 + i % 252), "x");
  tree().directory("100000 entries");
  for (unsigned i = 0; i < 100'000; ++i) {
    tree().file("100000 entries/" + (i % 8 == 0 ? long_name(i, 255) : "entry-" + std::to_string(i)), "");
  }
  expect_good_image();
}

TEST_P(Extremes, ThousandsOfNamesOf255Bytes) {
  for (unsigned i = 0; i < 20'000; ++i) tree().file(long_name(i, 255), "");
  expect_good_image();
}

TEST_P(Extremes, FilesFullOfHoles) {
  constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
  tree().truncate("5 GiB", 5 * kGiB);
  tree().write_at("5 GiB", 0, 10'000, Content::Text);
  tree().write_at("5 GiB", 4 * kGiB + 12'345, 100, Content::Text);
  tree().write_at("5 GiB", 5 * kGiB - 1, 1, Content::Text);
  tree().truncate("only a hole", 5 * kGiB);
  // 20,000 stretches of data, each followed by a hole: more extents than two levels of small blocks hold.
  constexpr std::uint64_t kFragment = 4096;
  for (std::uint64_t i = 0; i < 20'000; ++i) tree().write_at("fragments", 2 * i * kFragment, kFragment, Content::Text);
  const std::filesystem::path image = expect_good_image();
  EXPECT_LT(std::filesystem::file_size(image), kGiB) << "holes take space in the image";
}

TEST_P(Extremes, AsManyHardLinksAsExt4Allows) {
  tree().file("file", "one file, many names\n");
  tree().directory("names");
  for (unsigned i = 1; i < 65'000; ++i) tree().hard_link("names/" + std::to_string(i), "file");
  expect_good_image();
}

TEST_P(Extremes, SymbolicLinksAtTheLimits) {
  // Up to 59 bytes are kept in the inode, longer targets in a block, which they must not fill.
  for (const int length : {1, 59, 60, 61, GetParam() - 96})
    tree().symlink(std::to_string(length), std::string(static_cast<std::size_t>(length), 't'));
  expect_good_image();
}

TEST_P(Extremes, MoreExtendedAttributesThanABlockHolds) {
  for (unsigned file = 0; file < 3; ++file) {
    const std::string path = "file-" + std::to_string(file);
    tree().file(path, "x\n");
    for (unsigned i = 0; i < 20; ++i) {
      tree().xattr(path, "trusted.attribute-" + std::to_string(i),
                   std::string(200, static_cast<char>('a' + file + i % 5)));
    }
  }
  expect_good_image();
}

/// The smallest blocks are enough here: each directory takes one.
class ManyDirectories : public Extremes {};

// Beyond 64,999 subdirectories ext4 stops counting: the link count is 1.
TEST_P(ManyDirectories, SeventyThousandSubdirectories) {
  for (unsigned i = 0; i < 70'000; ++i) tree().directory("subdirectory-" + std::to_string(i));
  const std::filesystem::path image = expect_good_image();
  const LoopMount mounted(image, Access::ReadOnly);
  struct stat root {};
  ASSERT_EQ(lstat(mounted.path().c_str(), &root), 0);
  EXPECT_EQ(root.st_nlink, 1U);
}

INSTANTIATE_TEST_SUITE_P(BlockSize, Extremes, testing::Values(1024, 2048, 4096), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(BlockSize, ManyDirectories, testing::Values(1024), testing::PrintToStringParamName());

}  // namespace
}  // namespace fstool::e2e

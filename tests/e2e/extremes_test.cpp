// Trees at and beyond the usual limits: e2fsck finds the images clean, and the kernel sees the source in them.

#include <gtest/gtest.h>

#include <sys/stat.h>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

/// Makes an ext4 image of `source` and has it judged. Returns its path.
std::filesystem::path expect_good_image(const TempDir& work, const std::filesystem::path& source, int block_size) {
  const std::filesystem::path image = work / "image.ext4";
  expect_fstool_builds(
      {"create", "-t", "ext4", source.string(), "-o", image.string(), "-O", "block_size=" + std::to_string(block_size)},
      count_nodes(source));
  expect_clean_ext4(image);
  expect_mounted_equals(image, source);
  return image;
}

/// A file name of exactly `length` bytes that ends in `number`.
std::string long_name(unsigned number, std::size_t length) {
  const std::string digits = std::to_string(number);
  return std::string(length - digits.size(), 'n') + digits;
}

class Extremes : public testing::TestWithParam<int> {
 protected:
  void SetUp() override { FSTOOL_E2E_REQUIRE(true, {"e2fsck"}); }
};

TEST_P(Extremes, AnEmptyTree) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  expect_good_image(work, tree.root(), GetParam());
}

TEST_P(Extremes, DirectoriesOfAnySize) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.directory("0 entries");
  tree.directory("1 entry");
  tree.file("1 entry/only", "1");
  tree.directory("1000 entries");
  for (unsigned i = 0; i < 1000; ++i) tree.file("1000 entries/" + long_name(i, 1 + i % 255 + 3), "x");
  tree.directory("100000 entries");
  for (unsigned i = 0; i < 100'000; ++i) {
    tree.file("100000 entries/" + (i % 8 == 0 ? long_name(i, 255) : "entry-" + std::to_string(i)), "");
  }
  tree.settle_times();
  expect_good_image(work, tree.root(), GetParam());
}

TEST_P(Extremes, ThousandsOfNamesOf255Bytes) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  for (unsigned i = 0; i < 20'000; ++i) tree.file(long_name(i, 255), "");
  tree.settle_times();
  expect_good_image(work, tree.root(), GetParam());
}

TEST_P(Extremes, FilesFullOfHoles) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
  tree.truncate("5 GiB", 5 * kGiB);
  tree.write_at("5 GiB", 0, 10'000, Content::Text);
  tree.write_at("5 GiB", 4 * kGiB + 12'345, 100, Content::Text);
  tree.write_at("5 GiB", 5 * kGiB - 1, 1, Content::Text);
  tree.truncate("only a hole", 5 * kGiB);
  // 20,000 stretches of data, each followed by a hole: more extents than two levels of small blocks hold.
  constexpr std::uint64_t kFragment = 4096;
  for (std::uint64_t i = 0; i < 20'000; ++i) tree.write_at("fragments", 2 * i * kFragment, kFragment, Content::Text);
  tree.settle_times();
  const std::filesystem::path image = expect_good_image(work, tree.root(), GetParam());
  EXPECT_LT(std::filesystem::file_size(image), kGiB) << "holes take space in the image";
}

TEST_P(Extremes, AsManyHardLinksAsExt4Allows) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", "one file, many names\n");
  tree.directory("names");
  for (unsigned i = 1; i < 65'000; ++i) tree.hard_link("names/" + std::to_string(i), "file");
  tree.settle_times();
  expect_good_image(work, tree.root(), GetParam());
}

TEST_P(Extremes, SymbolicLinksAtTheLimits) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  // Up to 59 bytes are kept in the inode, longer targets in a block, which they must not fill.
  for (const int length : {1, 59, 60, 61, GetParam() - 96})
    tree.symlink(std::to_string(length), std::string(length, 't'));
  tree.settle_times();
  expect_good_image(work, tree.root(), GetParam());
}

TEST_P(Extremes, MoreExtendedAttributesThanABlockHolds) {
  const TempDir work;
  // ext4 on the host would not take them: tmpfs does.
  const Mount memory("none", "tmpfs", Access::ReadWrite, "size=16m");
  const TreeBuilder tree(memory.path() / "tree");
  for (unsigned file = 0; file < 3; ++file) {
    const std::string path = "file-" + std::to_string(file);
    tree.file(path, "x\n");
    for (unsigned i = 0; i < 20; ++i) {
      tree.xattr(path, "trusted.attribute-" + std::to_string(i),
                 std::string(200, static_cast<char>('a' + file + i % 5)));
    }
  }
  tree.settle_times();
  expect_good_image(work, tree.root(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(BlockSize, Extremes, testing::Values(1024, 2048, 4096), testing::PrintToStringParamName());

// Beyond 64,999 subdirectories ext4 stops counting: the link count is 1.
TEST(ExtremeDirectories, SeventyThousandSubdirectories) {
  FSTOOL_E2E_REQUIRE(true, {"e2fsck"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  for (unsigned i = 0; i < 70'000; ++i) tree.directory("subdirectory-" + std::to_string(i));
  tree.settle_times();
  const std::filesystem::path image = expect_good_image(work, tree.root(), 1024);
  const LoopMount mounted(image, Access::ReadOnly);
  struct stat root {};
  ASSERT_EQ(lstat(mounted.path().c_str(), &root), 0);
  EXPECT_EQ(root.st_nlink, 1U);
}

}  // namespace
}  // namespace fstool::e2e

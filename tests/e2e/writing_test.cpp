// What others do with an image afterwards: mount it and write, or grow it. e2fsck finds it clean then, too.

#include <gtest/gtest.h>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

class Writing : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(true, {"e2fsck", "resize2fs", "dumpe2fs"});
    tree_.directory("small");
    for (unsigned i = 0; i < 3; ++i) tree_.file("small/" + std::to_string(i), "content\n");
    tree_.directory("large");
    for (unsigned i = 0; i < 3000; ++i)
      tree_.file("large/an-entry-with-a-name-" + std::to_string(i), i % 5000, Content::Text);
    tree_.directory("goes away");
    for (unsigned i = 0; i < 500; ++i) tree_.file("goes away/" + std::to_string(i), 3000, Content::Random);
    tree_.file("grows", 100'000, Content::Random);
    tree_.truncate("sparse", 1'000'000);
    tree_.write_at("sparse", 500'000, 20'000, Content::Random);
    for (unsigned i = 0; i < 12; ++i) tree_.xattr("grows", "user.attribute-" + std::to_string(i), std::string(40, 'a'));
    tree_.settle_times();
  }

  std::filesystem::path build(const std::string& options) {
    std::filesystem::path image = work_ / "image.ext4";
    expect_fstool_builds({"create", "-t", "ext4", tree_.root().string(), "-o", image.string(), "-O",
                          "block_size=" + std::to_string(GetParam()) + options});
    return image;
  }

  const TempDir work_;
  const TreeBuilder tree_ = TreeBuilder(work_ / "tree");
};

TEST_P(Writing, AMountedImageTakesChangesOfEveryKind) {
  const std::filesystem::path image = build(",free=48MiB,inode_ratio=4096");
  {
    const LoopMount mounted(image, Access::ReadWrite);
    const TreeBuilder inside(mounted.path());
    // One-block directories become indexed ones, and indexed ones get more leaves and levels.
    for (unsigned i = 0; i < 2000; ++i) inside.file("small/new-" + std::to_string(i), "new\n");
    for (unsigned i = 0; i < 6000; ++i) inside.file("large/another-entry-with-a-name-" + std::to_string(i), "");
    for (unsigned i = 0; i < 3000; i += 2) {
      std::filesystem::remove(mounted.path() / ("large/an-entry-with-a-name-" + std::to_string(i)));
    }
    std::filesystem::remove_all(mounted.path() / "goes away");
    inside.write_at("grows", 100'000, 5'000'000, Content::Random);
    inside.write_at("sparse", 0, 200'000, Content::Random);
    inside.truncate("sparse", 600'000);
    inside.xattr("grows", "user.attribute-0", "changed");
    inside.directory("new directory");
    inside.file("new directory/file", 10'000'000, Content::Random);
    inside.file("lost+found/file", "x");
  }
  expect_clean_ext4(image);
}

TEST_P(Writing, AFullImageTakesChangesThatNeedNoSpace) {
  const std::filesystem::path image = build("");
  {
    const LoopMount mounted(image, Access::ReadWrite);
    std::filesystem::rename(mounted.path() / "small/0", mounted.path() / "small/renamed");
    std::filesystem::remove(mounted.path() / "large/an-entry-with-a-name-7");
    TreeBuilder(mounted.path()).write_at("grows", 0, 50'000, Content::Text);
  }
  expect_clean_ext4(image);
}

TEST_P(Writing, Resize2fsGrowsAnImageThatFits) {
  const std::filesystem::path image = build("");
  const std::uint64_t blocks = ext4_number(ext4_fields(image), "Block count");
  expect_success({"resize2fs", image.string(), "400M"});
  expect_clean_ext4(image);
  EXPECT_GT(ext4_number(ext4_fields(image), "Block count"), 2 * blocks);
  expect_mounted_equals(image, tree_.root());
}

INSTANTIATE_TEST_SUITE_P(BlockSize, Writing, testing::Values(1024, 2048, 4096), testing::PrintToStringParamName());

}  // namespace
}  // namespace fstool::e2e

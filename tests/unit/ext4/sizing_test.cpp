#include "write/sizing.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "formatted.h"
#include "fstool/error.h"

namespace fstool::ext4 {
namespace {

Tree many_empty_files() {
  Tree tree;
  for (unsigned d = 0; d < 100; ++d) {
    const NodeId directory = tree.add(Tree::kRoot, fmt::format("d{}", d), directory_node());
    for (unsigned i = 0; i < 1000; ++i) tree.add(directory, fmt::format("f{}", i), file_node(0));
  }
  return tree;
}

TEST(Sizing, ManyEmptyFilesDoNotWasteGroups) {
  const FormattedVolume volume = format_tree(many_empty_files());
  EXPECT_LE(volume.facts.free_blocks * 4096, std::max<std::uint64_t>(1 << 20, volume.facts.size / 50));
  const ImageFile image(*volume.image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
}

TEST(Sizing, ManyEmptyFilesFitTheSizeThatTheyNeed) {
  const std::uint64_t fitted = format_tree(many_empty_files()).image->size();
  for (const std::uint64_t size : {fitted, 4 * fitted}) {
    const FormattedVolume volume = format_tree(many_empty_files(), {}, size);
    EXPECT_EQ(volume.image->size(), size);
    const ImageFile image(*volume.image);
    EXPECT_EQ(image.e2fsck_complaints(), "") << size;
  }
}

TEST(Sizing, HeadroomIsFree) {
  SizeRequest size;
  size.free_bytes = 50 << 20;
  Tree tree;
  tree.add(Tree::kRoot, "f", file_node(1000));
  const FormattedVolume volume = format_tree(std::move(tree), {}, size);
  // Linux keeps a fiftieth to itself.
  const std::uint64_t usable = (volume.facts.free_blocks - volume.facts.blocks / 50) * 4096;
  EXPECT_GE(usable, 50U << 20);
  EXPECT_LE(usable, 51U << 20);
  EXPECT_GE(volume.facts.free_inodes, (50U << 20) / 16384);
  const ImageFile image(*volume.image);
  EXPECT_EQ(image.e2fsck_complaints(), "");

  SizeRequest percent;
  percent.free_percent = 40;
  const FormattedVolume half = format_tree(Tree(), {}, percent);
  EXPECT_GE(half.facts.free_blocks * 100, half.facts.blocks * 40);
}

TEST(Sizing, FixedSizesOfEveryLengthAreClean) {
  for (std::uint64_t size : {std::uint64_t{3} << 20, (std::uint64_t{8} << 20) + 5000, (std::uint64_t{128} << 20) + 4096,
                             (std::uint64_t{129} << 20), (std::uint64_t{1} << 30) - 512}) {
    Tree tree;
    tree.add(Tree::kRoot, "f", file_node(100000));
    const FormattedVolume volume = format_tree(std::move(tree), {}, size);
    EXPECT_EQ(volume.image->size(), size);
    const ImageFile image(*volume.image);
    EXPECT_EQ(image.e2fsck_complaints(), "") << size;
  }
}

TEST(Sizing, TooSmallASizeSaysWhatIsNeeded) {
  Tree tree;
  tree.add(Tree::kRoot, "f", file_node(10 << 20));
  Node hole;
  hole.content = make_hole_blob(std::uint64_t{1} << 30);
  tree.add(Tree::kRoot, "hole", std::move(hole));
  try {
    format_tree(std::move(tree), {}, 8 << 20);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::NoSpace);
    EXPECT_NE(std::string(error.what()).find("8 MiB is too small"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("10 MiB of files"), std::string::npos) << error.what();
  }
}

TEST(Sizing, TheSizeThatTheErrorNamesIsEnough) {
  const auto tree = [] {
    Tree result;
    for (unsigned i = 0; i < 200; ++i) result.add(Tree::kRoot, fmt::format("f{}", i), file_node(100000 + i * 977, i));
    return result;
  };
  const FormattedVolume fitted = format_tree(tree());
  const FormattedVolume fixed = format_tree(tree(), {}, fitted.image->size());
  EXPECT_EQ(fixed.facts.free_blocks, fitted.facts.free_blocks);
}

TEST(Sizing, SmallGroupsWithRoomToGrowAreLaidOut) {
  // Each group has its own tables here, and copies of the descriptors take much of a small one.
  ExtOptions options;
  options.block_size = 2048;
  options.inode_size = 128;
  options.features = "has_journal";
  SizeRequest size;
  size.free_bytes = 8 << 20;
  const FormattedVolume volume = format_tree(many_empty_files(), options, size, Generation::Ext2);
  EXPECT_LE(volume.facts.size, 64U << 20);
  const ImageFile image(*volume.image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
}

TEST(Sizing, GroupsOfEverySizeAreClean) {
  for (const Generation generation : {Generation::Ext2, Generation::Ext4}) {
    for (const std::uint32_t block_size : {1024U, 4096U}) {
      for (const std::uint32_t per_group : {256U, 512U, 4096U}) {
        ExtOptions options;
        options.block_size = block_size;
        options.blocks_per_group = per_group;
        const ImageFile image(*format_tree(many_empty_files(), options, SizeRequest{}, generation).image);
        EXPECT_EQ(image.e2fsck_complaints(), "") << block_size << " " << per_group;
        EXPECT_EQ(image.dumpe2fs("Blocks per group"), std::to_string(per_group));
      }
    }
  }
}

TEST(Sizing, ContentsBeyondWhatSmallGroupsHoldAreRefused) {
  ExtOptions options;
  options.block_size = 1024;
  options.blocks_per_group = 256;
  options.inode_count = 2'000'000'000;
  try {
    format_tree(Tree(), options, SizeRequest{}, Generation::Ext2);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::NoSpace);
    EXPECT_NE(std::string(error.what()).find("use a larger blocks_per_group"), std::string::npos) << error.what();
  }
}

TEST(Sizing, AnInodeCountIsHeld) {
  for (const Generation generation : {Generation::Ext2, Generation::Ext4}) {
    ExtOptions options;
    options.block_size = 1024;
    options.inode_count = 300'000;
    const FormattedVolume volume = format_tree(Tree(), options, SizeRequest{}, generation);
    const ImageFile image(*volume.image);
    EXPECT_EQ(image.e2fsck_complaints(), "");
    EXPECT_GE(std::stoul(image.dumpe2fs("Inode count")), 300'000U);
  }
}

}  // namespace
}  // namespace fstool::ext4

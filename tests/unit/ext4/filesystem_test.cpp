#include "filesystem.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "formatted.h"
#include "fstool/error.h"

namespace fstool::ext4 {
namespace {

class EveryBlockSize : public testing::TestWithParam<std::uint32_t> {
 protected:
  ExtOptions options() const {
    ExtOptions result;
    result.block_size = GetParam();
    return result;
  }
};
INSTANTIATE_TEST_SUITE_P(Ext4, EveryBlockSize, testing::Values(1024, 2048, 4096));

TEST_P(EveryBlockSize, AnEmptyTreeIsClean) {
  const ImageFile image(*format_tree(Tree(), options()).image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
  EXPECT_EQ(image.dumpe2fs("Block size"), std::to_string(GetParam()));
  EXPECT_EQ(
      image.dumpe2fs("Filesystem features"),
      "has_journal ext_attr resize_inode dir_index filetype extent 64bit flex_bg sparse_super large_file huge_file "
      "dir_nlink extra_isize metadata_csum");
}

TEST_P(EveryBlockSize, AnEmptyTreeOfManyGroupsIsClean) {
  const ImageFile image(*format_tree(Tree(), options(), std::uint64_t{3} << 30).image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
}

TEST_P(EveryBlockSize, SmallFilesOfManySizesAreClean) {
  Tree tree;
  for (unsigned i = 0; i < 300; ++i) tree.add(Tree::kRoot, fmt::format("file{}", i), file_node(i * 37, i));
  const ImageFile image(*format_tree(std::move(tree), options()).image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
  EXPECT_EQ(image.dumpe2fs("Free blocks"), "0");
}

TEST_P(EveryBlockSize, LargeDirectoriesAreHashTreesThatE2fsckAccepts) {
  Tree tree;
  const NodeId directory = tree.add(Tree::kRoot, "d", directory_node());
  for (unsigned i = 0; i < 20000; ++i)
    tree.add(directory, fmt::format("a name of some length {:06}", i), file_node(0, i));
  const ImageFile image(*format_tree(std::move(tree), options()).image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
  EXPECT_NE(image.debugfs("htree_dump /d").find("Number of entries"), std::string::npos);
  EXPECT_NE(image.debugfs("stat \"/d/a name of some length 012345\"").find("Type: regular"), std::string::npos);
}

TEST_P(EveryBlockSize, AFileOfManyPiecesHasADeepExtentTree) {
  Tree tree;
  constexpr std::uint64_t kPieces = 20000;
  BlobBuilder builder;
  const BlobPtr piece = file_node(GetParam()).content;
  for (std::uint64_t i = 0; i < kPieces; ++i) builder.add(2 * i * GetParam(), piece);
  Node node = file_node(0);
  node.content = builder.finish(2 * kPieces * GetParam() - 100);
  tree.add(Tree::kRoot, "pieces", std::move(node));
  const ImageFile image(*format_tree(std::move(tree), options()).image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
}

TEST_P(EveryBlockSize, XattrsGoToTheInodeTheBlockAndInodesOfTheirOwn) {
  Tree tree;
  for (unsigned count : {1U, 2U, 5U, 40U}) {
    Xattrs xattrs;
    for (unsigned i = 0; i < count; ++i) xattrs.push_back({fmt::format("user.name{:03}", i), std::string(60, 'v')});
    Node node = file_node(10);
    node.xattrs = std::make_shared<const Xattrs>(std::move(xattrs));
    tree.add(Tree::kRoot, fmt::format("f{}", count), std::move(node));
  }
  const ImageFile image(*format_tree(std::move(tree), options()).image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
  EXPECT_NE(image.debugfs("ea_get /f40 user.name039").find("vvvv"), std::string::npos);
  EXPECT_NE(image.debugfs("ea_get /f40 user.name000").find("vvvv"), std::string::npos);
}

TEST(Ext4, EqualXattrsShareABlockUpToTheLimitOfReferences) {
  Tree tree;
  const auto xattrs = std::make_shared<const Xattrs>(Xattrs{{"user.comment", std::string(500, 'x')}});
  for (unsigned i = 0; i < 2500; ++i) {
    Node node = file_node(0);
    node.xattrs = xattrs;
    tree.add(Tree::kRoot, fmt::format("f{}", i), std::move(node));
  }
  const ImageFile image(*format_tree(std::move(tree)).image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
}

TEST(Ext4, DirectoriesOfEveryKindOfNodeAndLinksAreClean) {
  Tree tree;
  const NodeId file = tree.add(Tree::kRoot, "file", file_node(100000));
  const NodeId dev = tree.add(Tree::kRoot, "dev", directory_node());
  for (const auto& [kind, name] : {std::pair{NodeKind::CharDevice, "c"},
                                   {NodeKind::BlockDevice, "b"},
                                   {NodeKind::Fifo, "fifo"},
                                   {NodeKind::Socket, "socket"}}) {
    Node node;
    node.kind = kind;
    node.device = {kind == NodeKind::CharDevice ? 5U : 300U, kind == NodeKind::CharDevice ? 1U : 70000U};
    if (kind == NodeKind::Fifo || kind == NodeKind::Socket) node.device = {};
    tree.add(dev, name, std::move(node));
  }
  for (unsigned i = 0; i < 3000; ++i) tree.link(dev, fmt::format("link{}", i), file);
  for (std::size_t length : {1U, 59U, 60U, 4000U, 4095U}) {
    tree.add(Tree::kRoot, fmt::format("symlink{}", length), symlink_node(std::string(length, 't')));
  }
  const ImageFile image(*format_tree(std::move(tree)).image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
  EXPECT_NE(image.debugfs("stat /dev/c").find("Device major/minor number: 05:01"), std::string::npos);
  EXPECT_NE(image.debugfs("stat /dev/b").find("300:70000"), std::string::npos);
  EXPECT_NE(image.debugfs("stat /file").find("Links: 3001"), std::string::npos);
}

TEST(Ext4, SeventyThousandSubdirectoriesAreClean) {
  Tree tree;
  for (unsigned i = 0; i < 70000; ++i) tree.add(Tree::kRoot, fmt::format("d{}", i), directory_node());
  const ImageFile image(*format_tree(std::move(tree)).image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
}

TEST(Ext4, ALostAndFoundOfTheTreeIsKept) {
  Tree tree;
  const NodeId lost = tree.add(Tree::kRoot, "lost+found", directory_node());
  tree.add(lost, "#123", file_node(10));
  const ImageFile image(*format_tree(std::move(tree)).image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
  EXPECT_NE(image.debugfs("stat /lost+found").find("Inode: 11 "), std::string::npos);
}

TEST(Ext4, WhatExt4CannotHoldIsRefusedByPath) {
  const auto message = [](Tree tree, ExtOptions options = {}) -> std::string {
    try {
      format_tree(std::move(tree), std::move(options));
      return "accepted";
    } catch (const Error& error) {
      return error.what();
    }
  };
  Tree link;
  const NodeId directory = link.add(Tree::kRoot, "dir", directory_node());
  link.add(directory, "long", symlink_node(std::string(1024, 'x')));
  ExtOptions small;
  small.block_size = 1024;
  EXPECT_NE(message(std::move(link), small).find("/dir/long"), std::string::npos);

  Tree xattr;
  Node node = file_node(1);
  node.xattrs = std::make_shared<const Xattrs>(Xattrs{{"os2.thing", "v"}});
  xattr.add(Tree::kRoot, "odd", std::move(node));
  EXPECT_NE(message(std::move(xattr)).find("/odd"), std::string::npos);
}

TEST(Ext4, TimesKeepNanosecondsAndCenturies) {
  Tree tree;
  Node node = file_node(0);
  node.mtime = {4'102'444'800, 123'456'789};  // 2100-01-01
  tree.add(Tree::kRoot, "future", std::move(node));
  Node past = file_node(0);
  past.mtime = {-1'000'000'000, 1};  // 1938
  tree.add(Tree::kRoot, "past", std::move(past));
  const ImageFile image(*format_tree(std::move(tree)).image);
  EXPECT_EQ(image.e2fsck_complaints(), "");
  EXPECT_NE(image.debugfs("stat /future").find("mtime: 0xf4865700:1d6f3455"), std::string::npos)
      << image.debugfs("stat /future");
}

}  // namespace
}  // namespace fstool::ext4

#include "node_status.h"

#include <gtest/gtest.h>

namespace fstool {
namespace {

TEST(NodeStatus, WritesModesAsLsDoes) {
  EXPECT_EQ(mode_text(0100644), "-rw-r--r--");
  EXPECT_EQ(mode_text(040755), "drwxr-xr-x");
  EXPECT_EQ(mode_text(0120777), "lrwxrwxrwx");
  EXPECT_EQ(mode_text(0106755), "-rwsr-sr-x");
  EXPECT_EQ(mode_text(0106644), "-rwSr-Sr--");
  EXPECT_EQ(mode_text(041777), "drwxrwxrwt");
  EXPECT_EQ(mode_text(041776), "drwxrwxrwT");
  EXPECT_EQ(mode_text(020600), "crw-------");
  EXPECT_EQ(mode_text(060600), "brw-------");
  EXPECT_EQ(mode_text(010000), "p---------");
  EXPECT_EQ(mode_text(0140000), "s---------");
}

TEST(NodeStatus, IsWhatWasRecorded) {
  Tree tree;
  RecordedInode recorded;
  recorded.number = 12;
  recorded.links = 3;
  recorded.size = 4096;
  recorded.sectors = 8;
  tree.node(Tree::kRoot).recorded = std::make_unique<const RecordedInode>(recorded);
  const NodeStatus status = status_of(tree, Tree::kRoot);
  EXPECT_EQ(status.mode, 040000U | tree.node(Tree::kRoot).permissions);
  EXPECT_EQ(status.links, 3U);
  EXPECT_EQ(status.size, 4096U);
  EXPECT_EQ(status.sectors, 8U);
  EXPECT_EQ(status.inode, 12U);
}

TEST(NodeStatus, FollowsFromTheTreeWhereNothingWasRecorded) {
  Tree tree;
  Node file;
  file.content = make_hole_blob(1000);
  const NodeId id = tree.add(Tree::kRoot, "file", std::move(file));
  tree.link(Tree::kRoot, "again", id);
  Node directory;
  directory.kind = NodeKind::Directory;
  tree.add(Tree::kRoot, "directory", std::move(directory));
  EXPECT_EQ(status_of(tree, id).links, 2U);
  EXPECT_EQ(status_of(tree, id).size, 1000U);
  EXPECT_EQ(status_of(tree, id).sectors, 2U);
  EXPECT_EQ(status_of(tree, id).inode, std::nullopt);
  EXPECT_EQ(status_of(tree, Tree::kRoot).links, 3U);
}

}  // namespace
}  // namespace fstool

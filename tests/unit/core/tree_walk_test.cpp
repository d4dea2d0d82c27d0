#include "tree_walk.h"

#include <gtest/gtest.h>

namespace fstool {
namespace {

class TreeWalkTest : public testing::Test {
 protected:
  TreeWalkTest() {
    const NodeId a = directory(Tree::kRoot, "a");
    directory(a, "x");
    directory(a, "y");
    tree_.add(Tree::kRoot, "b", Node());
  }
  NodeId directory(NodeId parent, const std::string& name) {
    Node node;
    node.kind = NodeKind::Directory;
    return tree_.add(parent, name, std::move(node));
  }
  std::string walk(const std::string& path, const std::string& pruned = "none") {
    std::string text;
    walk_tree(tree_, Tree::kRoot, path, [&](const WalkedName& walked) {
      text += std::string(walked.path) + ":" + std::to_string(walked.depth) + " ";
      return walked.path != pruned;
    });
    return text;
  }

  Tree tree_;
};

TEST_F(TreeWalkTest, GoesFromTheTopDownInTheOrderOfNames) {
  EXPECT_EQ(walk("."), ".:0 ./a:1 ./a/x:2 ./a/y:2 ./b:1 ");
  EXPECT_EQ(walk("/"), "/:0 /a:1 /a/x:2 /a/y:2 /b:1 ");
  EXPECT_EQ(walk(""), ":0 a:1 a/x:2 a/y:2 b:1 ");
}

TEST_F(TreeWalkTest, PassesOverWhatNobodyWants) {
  EXPECT_EQ(walk(".", "./a"), ".:0 ./a:1 ./b:1 ");
  EXPECT_EQ(walk(".", "."), ".:0 ");
}

TEST_F(TreeWalkTest, GoesAsDeepAsTheTree) {
  NodeId deepest = Tree::kRoot;
  for (int i = 0; i < 20'000; ++i) deepest = directory(deepest, "d");
  std::uint64_t depth = 0;
  walk_tree(tree_, Tree::kRoot, "", [&](const WalkedName& walked) {
    depth = std::max(depth, walked.depth);
    return true;
  });
  EXPECT_EQ(depth, 20'000U);
}

TEST(LastComponent, IsWhatFindCallsTheName) {
  EXPECT_EQ(last_component("a/b"), "b");
  EXPECT_EQ(last_component("b"), "b");
  EXPECT_EQ(last_component("a/b/"), "b");
  EXPECT_EQ(last_component("/"), "/");
  EXPECT_EQ(last_component(""), "");
}

}  // namespace
}  // namespace fstool

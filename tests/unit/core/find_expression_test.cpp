#include "find_expression.h"

#include <gtest/gtest.h>

#include "fstool/error.h"
#include "tree_walk.h"

namespace fstool {
namespace {

using Words = std::vector<std::string>;

class FindExpressionTest : public testing::Test {
 protected:
  FindExpressionTest() {
    owners_.users = OwnerNames("alice:x:1000:");
    Node directory;
    directory.kind = NodeKind::Directory;
    const NodeId etc = tree_.add(Tree::kRoot, "etc", std::move(directory));
    add(etc, "small", 0644, 1, kNow - 3 * 86400);
    add(etc, "LARGE", 04755, 5000, kNow - 1);
    add(Tree::kRoot, "future", 0600, 0, kNow + 86400 * 2);
  }

  void add(NodeId parent, const std::string& name, std::uint16_t permissions, std::uint64_t size, std::int64_t time) {
    Node node;
    node.permissions = permissions;
    node.uid = size > 100 ? 1000 : 0;
    node.mtime.seconds = time;
    if (size > 0) node.content = make_hole_blob(size);
    tree_.add(parent, name, std::move(node));
  }

  /// The names that an expression acts on, in order.
  std::string find(const Words& words) {
    const FindExpression expression(words, {.owners = owners_, .now = kNow});
    std::string found;
    walk_tree(tree_, Tree::kRoot, ".", [&](const WalkedName& walked) {
      return expression.visit({tree_, walked.node, walked.path, last_component(walked.path)},
                              [&](FindAction) { found += std::string(last_component(walked.path)) + " "; });
    });
    return found;
  }

  std::string failure(const Words& words) {
    try {
      find(words);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
      return error.what();
    }
    ADD_FAILURE() << "no error";
    return {};
  }

  static constexpr std::int64_t kNow = 1'700'000'000;
  Tree tree_;
  Owners owners_;
};

TEST_F(FindExpressionTest, PrintsWhatPassesIfThereIsNoAction) {
  EXPECT_EQ(find({}), ". etc LARGE small future ");
  EXPECT_EQ(find({"-type", "f", "-print", "-print0"}), "LARGE LARGE small small future future ");
}

TEST_F(FindExpressionTest, JoinsTests) {
  EXPECT_EQ(find({"-name", "s*", "-o", "-name", "f*", "-size", "0"}), "small future ") << "\"and\" binds first";
  EXPECT_EQ(find({"(", "-name", "s*", "-o", "-name", "f*", ")", "-size", "0"}), "future ");
  EXPECT_EQ(find({"!", "-type", "d", "-a", "-not", "-empty"}), "LARGE small ");
  EXPECT_EQ(find({"-name", "etc", "-prune", "-o", "-print"}), ". future ");
}

TEST_F(FindExpressionTest, TestsNames) {
  EXPECT_EQ(find({"-iname", "large"}), "LARGE ");
  EXPECT_EQ(find({"-path", "./etc*"}), "etc LARGE small ");
}

TEST_F(FindExpressionTest, TestsNumbers) {
  EXPECT_EQ(find({"-size", "-5000c", "-type", "f"}), "small future ");
  EXPECT_EQ(find({"-size", "5k"}), "LARGE ") << "rounded up";
  EXPECT_EQ(find({"-mtime", "3"}), "small ");
  EXPECT_EQ(find({"-mtime", "-1", "-type", "f"}), "LARGE future ");
  EXPECT_EQ(find({"-newermt", "@1699999990", "-type", "f"}), "LARGE future ");
  EXPECT_EQ(find({"-user", "alice"}), "LARGE ");
  EXPECT_EQ(find({"-uid", "+999"}), "LARGE ");
}

TEST_F(FindExpressionTest, TestsPermissions) {
  EXPECT_EQ(find({"-perm", "600"}), "future ");
  EXPECT_EQ(find({"-perm", "-u+s"}), "LARGE ");
  EXPECT_EQ(find({"-perm", "-u=rw,go+r", "-type", "f"}), "LARGE small ");
  EXPECT_EQ(find({"-perm", "/o+x", "-type", "f"}), "LARGE ");
}

TEST_F(FindExpressionTest, RefusesWhatIsNoExpression) {
  EXPECT_EQ(failure({"-nme", "x"}), "find knows no \"-nme\" (did you mean \"-name\"?)");
  EXPECT_EQ(failure({"-name"}), "something is missing behind -name");
  EXPECT_EQ(failure({"(", "-empty"}), "a \")\" is missing");
  EXPECT_EQ(failure({"-empty", ")"}), "there is a \")\" too many");
  EXPECT_EQ(failure({"-type", "x"}), "-type x: expected one of f, d, l, c, b, p and s");
  EXPECT_EQ(failure({"-size", "many"}), "-size many: expected N, +N or -N");
  EXPECT_EQ(failure({"-size", ""}), "-size : expected N, +N or -N");
  EXPECT_EQ(failure({"-user", "bob"}), "-user bob: expected a number, or a name that the image has");
  EXPECT_EQ(failure({"-perm", "u*x"}), "-perm u*x: expected a mode such as 644, -u+s or /222");
  EXPECT_TRUE(failure({"-newermt", "yesterday"}).starts_with("-newermt yesterday: expected a time"));
}

}  // namespace
}  // namespace fstool

#include "path_walk.h"

#include <gtest/gtest.h>

#include "fstool/error.h"

namespace fstool {
namespace {

using Depth = OpenScope::Depth;

Node node_of(NodeKind kind, const std::string& target = {}) {
  Node node;
  node.kind = kind;
  node.target = target;
  return node;
}

/// A tree with links of all sorts, opened piece by piece: what is not asked for is not there.
class PathWalkTest : public testing::Test {
 protected:
  PathWalkTest() {
    const NodeId etc = directory(Tree::kRoot, "etc");
    const NodeId usr = directory(Tree::kRoot, "usr");
    const NodeId lib = directory(usr, "lib");
    file(lib, "os-release");
    link(Tree::kRoot, "lib", "usr/lib");
    link(etc, "os-release", "../usr/lib/os-release");
    link(etc, "absolute", "/lib/os-release");
    link(etc, "escape", "../../../../etc/passwd");
    link(etc, "up", "../usr/lib/");
    link(etc, "dangling", "nowhere");
    link(etc, "loop", "loop");
    link(etc, "file-as-directory", "passwd/");
    file(etc, "passwd");
    for (unsigned i = 0; i <= kMaxLinksFollowed; ++i) {
      link(etc, "chain" + std::to_string(i), i == 0 ? "passwd" : "chain" + std::to_string(i - 1));
    }
  }

  NodeId directory(NodeId parent, const std::string& name) {
    return tree_.add(parent, name, node_of(NodeKind::Directory));
  }
  void file(NodeId parent, const std::string& name) { tree_.add(parent, name, node_of(NodeKind::File)); }
  void link(NodeId parent, const std::string& name, const std::string& target) {
    tree_.add(parent, name, node_of(NodeKind::Symlink, target));
  }

  /// What Filesystem::open() has to give at least.
  std::shared_ptr<const Tree> open(const OpenScope& scope) {
    opened_.push_back(scope.path);
    Tree part;
    NodeId from = Tree::kRoot;
    NodeId to = Tree::kRoot;
    std::string_view rest = scope.path;
    while (!rest.empty()) {
      const std::string_view name = rest.substr(0, rest.find('/'));
      rest.remove_prefix(std::min(name.size() + 1, rest.size()));
      if (tree_.node(from).kind != NodeKind::Directory) break;
      const auto found = tree_.find(from, name);
      if (!found) break;
      from = *found;
      to = part.add(to, name, node_of(tree_.node(from).kind, tree_.node(from).target));
    }
    return std::make_shared<const Tree>(std::move(part));
  }

  LocatedNode walk(const std::string& path, LastLink last_link = LastLink::Follow) {
    opened_.clear();
    return walk_path(path, "disk.img: " + path, Depth::Node, last_link,
                     [this](const OpenScope& scope) { return open(scope); });
  }

  std::string failure(const std::string& path) {
    try {
      walk(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::NotFound);
      return error.what();
    }
    ADD_FAILURE() << "no error for " << path;
    return {};
  }

  Tree tree_;
  std::vector<std::string> opened_;
};

TEST_F(PathWalkTest, FindsWhatIsThere) {
  EXPECT_EQ(walk("/etc/passwd").path, "etc/passwd");
  EXPECT_EQ(opened_, (std::vector<std::string>{"etc/passwd"})) << "in one go";
  EXPECT_EQ(walk("etc//passwd").path, "etc/passwd");
  EXPECT_EQ(walk("/etc/./passwd").path, "etc/passwd");
  EXPECT_EQ(walk("/etc/").path, "etc");
  for (const char* const root : {"", "/", ".", "..", "/../..", "//", "etc/.."}) {
    EXPECT_EQ(walk(root).path, "") << root;
    EXPECT_EQ(walk(root).node, Tree::kRoot) << root;
  }
}

TEST_F(PathWalkTest, FollowsLinksOnTheWay) {
  EXPECT_EQ(walk("/lib/os-release").path, "usr/lib/os-release");
  EXPECT_EQ(walk("/lib/../lib").path, "usr/lib") << "\"..\" is where the link leads";
  EXPECT_EQ(walk("/etc/up/../lib/os-release").path, "usr/lib/os-release");
}

TEST_F(PathWalkTest, FollowsTheLastLinkIfItShall) {
  EXPECT_EQ(walk("/etc/os-release").path, "usr/lib/os-release");
  EXPECT_EQ(walk("/etc/os-release", LastLink::Keep).path, "etc/os-release");
  EXPECT_EQ(walk("/etc/os-release", LastLink::Keep)->target, "../usr/lib/os-release");
  EXPECT_EQ(walk("/lib", LastLink::Keep).path, "lib");
  EXPECT_EQ(walk("/lib/", LastLink::Keep).path, "usr/lib") << "a '/' at the end asks for the directory";
  EXPECT_EQ(walk("/etc/absolute").path, "usr/lib/os-release");
}

TEST_F(PathWalkTest, NeverLeavesTheTree) { EXPECT_EQ(walk("/etc/escape").path, "etc/passwd"); }

TEST_F(PathWalkTest, SaysWhatIsMissing) {
  EXPECT_EQ(failure("/etc/x"), "No such file or directory in disk.img: /etc/x");
  EXPECT_EQ(failure("/x/y/z"), "No such file or directory in disk.img: /x/y/z");
  EXPECT_EQ(failure("/etc/dangling"), "No such file or directory in disk.img: /etc/dangling");
  EXPECT_EQ(failure("/etc/passwd/x"), "Not a directory in disk.img: /etc/passwd/x");
  EXPECT_EQ(failure("/etc/passwd/"), "Not a directory in disk.img: /etc/passwd/");
  EXPECT_EQ(failure("/etc/passwd/.."), "Not a directory in disk.img: /etc/passwd/..");
  EXPECT_EQ(failure("/etc/file-as-directory"), "Not a directory in disk.img: /etc/file-as-directory");
}

TEST_F(PathWalkTest, FollowsFortyLinksAtMost) {
  EXPECT_EQ(walk("/etc/chain39").path, "etc/passwd");
  EXPECT_EQ(failure("/etc/chain40"), "Too many levels of symbolic links in disk.img: /etc/chain40");
  EXPECT_EQ(failure("/etc/loop"), "Too many levels of symbolic links in disk.img: /etc/loop");
}

}  // namespace
}  // namespace fstool

// What an archive says of the layers below it: directories that it only implies, and hard links to files that it lacks.

#include "archive/archive_tree.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "heard_context.h"
#include "raw_archives.h"

namespace fstool::tar {
namespace {

Node of_kind(NodeKind kind, std::uint16_t permissions = 0644) {
  Node node;
  node.kind = kind;
  node.permissions = permissions;
  return node;
}

Node file(const std::string& content) {
  Node node = of_kind(NodeKind::File);
  node.content = blob_of(content);
  return node;
}

std::vector<std::string> implied_paths(const Layer& layer) {
  std::vector<std::string> paths;
  for (const NodeId id : layer.implied) paths.push_back(layer.tree.path(id));
  return paths;
}

class ArchiveTreeTest : public testing::Test {
 protected:
  ArchiveTree tree_{1 << 30U};
};

TEST_F(ArchiveTreeTest, DirectoriesThatAreLeftOutAreImplied) {
  tree_.add("usr/lib/a", file("a"));
  tree_.add("etc", of_kind(NodeKind::Directory, 0700));
  const Layer layer = tree_.finish();
  EXPECT_EQ(implied_paths(layer), (std::vector<std::string>{"/", "/usr", "/usr/lib"}));
  EXPECT_EQ(node_at(layer.tree, "usr").permissions, 0755);
}

TEST_F(ArchiveTreeTest, DirectoriesThatComeLaterAreNotImplied) {
  tree_.add("usr/lib/a", file("a"));
  tree_.add("usr", of_kind(NodeKind::Directory, 0711));
  tree_.add("./", of_kind(NodeKind::Directory, 0700));
  const Layer layer = tree_.finish();
  EXPECT_EQ(implied_paths(layer), std::vector<std::string>{"/usr/lib"});
  EXPECT_EQ(node_at(layer.tree, "usr").permissions, 0711);
}

TEST_F(ArchiveTreeTest, ImpliedDirectoriesThatAreGoneAreNotListed) {
  tree_.add("a/b", of_kind(NodeKind::Directory));
  tree_.add_link("x/y", "lower", nullptr);
  // Nothing is in the directory but a link that is no name of its tree: it is not empty all the same.
  EXPECT_THROW(tree_.add("x", file("x")), Error);
  tree_.add("a/b", file("b"));
  const Layer layer = tree_.finish();
  EXPECT_EQ(implied_paths(layer), (std::vector<std::string>{"/", "/a", "/x"}));
}

TEST_F(ArchiveTreeTest, LinksToWhatIsNotThereAreLowerLinks) {
  tree_.add("bin", of_kind(NodeKind::Directory));
  tree_.add_link("bin/b", "./bin//a", nullptr);
  const Layer layer = tree_.finish();
  ASSERT_EQ(layer.lower_links.size(), 1U);
  EXPECT_EQ(layer.tree.path(layer.lower_links[0].directory), "/bin");
  EXPECT_EQ(layer.lower_links[0].name, "b");
  EXPECT_EQ(layer.lower_links[0].target, "/bin/a");
  EXPECT_FALSE(layer.tree.find_path("bin/b"));
}

TEST_F(ArchiveTreeTest, ALinkToALowerLinkLeadsToTheSame) {
  tree_.add_link("b", "a", nullptr);
  tree_.add_link("d/c", "b", nullptr);
  const Layer layer = tree_.finish();
  ASSERT_EQ(layer.lower_links.size(), 2U);
  EXPECT_EQ(layer.lower_links[0].target, "/a");
  EXPECT_EQ(layer.lower_links[1].target, "/a");
}

TEST_F(ArchiveTreeTest, TheLastOfANameWinsOverALowerLink) {
  tree_.add_link("a", "lower", nullptr);
  tree_.add("a", file("a"));
  tree_.add("b", file("b"));
  tree_.add_link("b", "lower", nullptr);
  tree_.add_link("c", "lower", nullptr);
  tree_.add("c/d", file("d"));  // c is a directory now
  const Layer layer = tree_.finish();
  ASSERT_EQ(layer.lower_links.size(), 1U);
  EXPECT_EQ(layer.lower_links[0].name, "b");
  EXPECT_EQ(text_of(node_at(layer.tree, "a")), "a");
  EXPECT_FALSE(layer.tree.find_path("b"));
  EXPECT_EQ(text_of(node_at(layer.tree, "c/d")), "d");
}

TEST_F(ArchiveTreeTest, LowerLinksAreMadeOverTheLayerBelow) {
  Tree base;
  base.add(Tree::kRoot, "a", file("below"));
  tree_.add_link("b", "a", nullptr);
  tree_.add("a", file("above"));
  lay_over(base, Tree::kRoot, tree_.finish(), Whiteouts::None);
  EXPECT_EQ(text_of(node_at(base, "a")), "above");
  EXPECT_EQ(text_of(node_at(base, "b")), "below");
}

TEST_F(ArchiveTreeTest, ImpliedDirectoriesLeaveThoseBelowAsTheyAre) {
  Tree base;
  base.add(Tree::kRoot, "etc", of_kind(NodeKind::Directory, 0700));
  Node link = of_kind(NodeKind::Symlink);
  link.target = "etc";
  base.add(Tree::kRoot, "conf", std::move(link));
  tree_.add("conf/file", file("f"));
  lay_over(base, Tree::kRoot, tree_.finish(), Whiteouts::None);
  EXPECT_EQ(node_at(base, "etc").permissions, 0700);
  EXPECT_EQ(node_at(base, "conf").kind, NodeKind::Symlink);
  EXPECT_EQ(text_of(node_at(base, "etc/file")), "f");
}

TEST_F(ArchiveTreeTest, SetsOfAttributesAreKeptOnce) {
  std::string tar;
  for (const std::string name : {"a", "b", "c"}) {
    tar += pax_member({{"SCHILY.xattr.security.selinux", name == "c" ? "other_t" : "usr_t"}});
    tar += tar_member({.name = name});
  }
  test::HeardContext heard;
  const Layer layer = load_bytes(tar, heard.context());
  EXPECT_EQ(node_at(layer.tree, "a").xattrs, node_at(layer.tree, "b").xattrs);
  EXPECT_EQ(*node_at(layer.tree, "c").xattrs, (Xattrs{{"security.selinux", "other_t"}}));
}

}  // namespace
}  // namespace fstool::tar

// Which files of a source are taken, and under which names.

#include <gmock/gmock.h>

#include "rule_fixture.h"

namespace fstool::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PathRulesTest : public RulesTest {};

TEST_F(PathRulesTest, ExcludesWithAllThatIsBelow) {
  const Layer layer = apply(make_tree({"a.o", "d/a.o", "d/b.c", "cache/x/y", "d/cache", "z/"}),
                            "exclude = [\"*.o\", \"cache/\", \"z\"]");
  EXPECT_THAT(paths_of(layer.tree), ElementsAre("d/", "d/b.c", "d/cache"));
}

TEST_F(PathRulesTest, TakesBackWhatANegatedPatternMatches) {
  const Layer layer =
      apply(make_tree({"log/a.log", "log/keep.log", "old/keep.log"}), "exclude = [\"*.log\", \"!keep.log\", \"old\"]");
  EXPECT_THAT(paths_of(layer.tree), ElementsAre("log/", "log/keep.log"));
}

TEST_F(PathRulesTest, KeepsOtherNamesOfAFile) {
  Tree tree = make_tree({"a = x", "d/"});
  tree.link(*tree.find_path("d"), "b", *tree.find_path("a"));
  const Layer layer = apply(std::move(tree), "exclude = \"/a\"");
  EXPECT_THAT(paths_of(layer.tree), ElementsAre("d/", "d/b"));
  EXPECT_EQ(layer.tree.links(*layer.tree.find_path("d/b")), 1U);
}

TEST_F(PathRulesTest, IncludesWhatMatchesAndTheWayToIt) {
  const std::vector<std::string> paths = {"bin/sh",       "etc/passwd",  "etc/ssl/cert",
                                          "usr/lib/a.so", "usr/lib/b.a", "var/"};
  EXPECT_THAT(paths_of(apply(make_tree(paths), "include = [\"/etc\", \"*.so\"]").tree),
              ElementsAre("etc/", "etc/passwd", "etc/ssl/", "etc/ssl/cert", "usr/", "usr/lib/", "usr/lib/a.so"));
  EXPECT_THAT(paths_of(apply(make_tree(paths), "include = [\"/etc\", \"!passwd\"]").tree),
              ElementsAre("etc/", "etc/ssl/", "etc/ssl/cert"));
  EXPECT_THAT(paths_of(apply(make_tree(paths), "include = \"none\"").tree), IsEmpty());
  EXPECT_THAT(paths_of(apply(make_tree(paths), "include = \"/etc\"\nexclude = \"ssl\"").tree),
              ElementsAre("etc/", "etc/passwd"));
}

TEST_F(PathRulesTest, ReadsTheIgnoreFileOfTheSource) {
  const std::vector<std::string> paths = {
      ".fstoolignore = *.o\n# c\n/tmp/\n", "a.o", "keep.o", "tmp/x", "d/tmp", "mine"};
  EXPECT_THAT(paths_of(apply(make_tree(paths), "").tree), ElementsAre("d/", "d/tmp", "mine"));
  EXPECT_THAT(paths_of(apply(make_tree(paths), "exclude = \"!keep.o\"").tree),
              ElementsAre("d/", "d/tmp", "keep.o", "mine"));
  EXPECT_EQ(paths_of(apply(make_tree(paths), "ignore_file = \"\"").tree).size(), 8U);
  EXPECT_THAT(paths_of(apply(make_tree({"x/ig = a", "a", "b"}), "ignore_file = \"x/ig\"").tree),
              ElementsAre("b", "x/"));
  EXPECT_THAT(failure(make_tree({"a"}), "ignore_file = \"no\""), HasSubstr("p.toml:1:15: the source has no file no"));
}

TEST_F(PathRulesTest, FollowsWithLowerLinksAndImpliedDirectories) {
  Layer layer = make_tree({"a/x", "b/"});
  const NodeId a = *layer.tree.find_path("a");
  const NodeId b = *layer.tree.find_path("b");
  layer.implied = {Tree::kRoot, a, b};
  layer.lower_links = {{a, "l", "usr/l"}, {b, "l", "usr/l"}, {b, "m", "usr/m"}};
  layer = apply(std::move(layer), "exclude = [\"/a\", \"m\"]");
  EXPECT_THAT(layer.implied, ElementsAre(Tree::kRoot, b));
  ASSERT_EQ(layer.lower_links.size(), 1U);
  EXPECT_EQ(layer.lower_links[0].name, "l");
  EXPECT_EQ(layer.lower_links[0].directory, b);
  layer = apply(std::move(layer), "include = \"l\"");
  EXPECT_THAT(paths_of(layer.tree), ElementsAre("b/"));
  EXPECT_EQ(layer.lower_links.size(), 1U);
}

TEST_F(PathRulesTest, StripsComponents) {
  EXPECT_THAT(
      paths_of(apply(make_tree({"top", "p-1.0/bin/a", "p-1.0/p-1.0", "p-1.0/.../x"}), "strip_components = 1").tree),
      ElementsAre(".../", ".../x", "bin/", "bin/a", "p-1.0"));
  EXPECT_THAT(paths_of(apply(make_tree({"a/b/c/d", "a/x"}), "strip_components = 2").tree), ElementsAre("c/", "c/d"));
  EXPECT_THAT(paths_of(apply(make_tree({"a/b/c/d", "a/x"}), "strip_components = 9").tree), IsEmpty());
}

TEST_F(PathRulesTest, MergesDirectoriesThatGetOnePath) {
  Layer layer = make_tree({"a/usr/x", "b/usr/y", "c/usr/z"});
  layer.tree.node(*layer.tree.find_path("a/usr")).uid = 1;
  layer.tree.node(*layer.tree.find_path("b/usr")).uid = 2;
  layer.implied = {*layer.tree.find_path("a/usr"), *layer.tree.find_path("c/usr")};
  const NodeId from = *layer.tree.find_path("b/usr");
  layer.lower_links = {{from, "l", "/b/usr/t"}};
  layer = apply(std::move(layer), "strip_components = 1");
  EXPECT_THAT(paths_of(layer.tree), ElementsAre("usr/", "usr/x", "usr/y", "usr/z"));
  EXPECT_EQ(node_at(layer.tree, "usr").uid, 2U);
  EXPECT_THAT(layer.implied, IsEmpty());
  ASSERT_EQ(layer.lower_links.size(), 1U);
  EXPECT_EQ(layer.tree.path(layer.lower_links[0].directory), "/usr");
  EXPECT_EQ(layer.lower_links[0].target, "usr/t");
}

TEST_F(PathRulesTest, RefusesTwoFilesThatGetOnePath) {
  const std::string message = failure(make_tree({"a/usr/x", "b/usr/x"}), "strip_components = 1");
  EXPECT_THAT(message, HasSubstr("/a/usr/x and /b/usr/x would get the same path"));
  EXPECT_THAT(message, HasSubstr("p.toml:1:20: "));
  Layer layer = make_tree({"a/x"});
  layer.lower_links = {{*layer.tree.find_path("a"), "l", "top"}};
  EXPECT_THAT(failure(std::move(layer), "strip_components = 1"), HasSubstr("/a/l is a hard link to top"));
  EXPECT_THAT(failure("strip_components = -1"), HasSubstr("strip_components"));
}

TEST_F(PathRulesTest, KeepsHardLinksWhenItStrips) {
  Tree tree = make_tree({"p/a = x", "q"});
  tree.link(*tree.find_path("p"), "b", *tree.find_path("p/a"));
  tree.link(*tree.find_path("p"), "c", *tree.find_path("q"));
  const Layer layer = apply(std::move(tree), "strip_components = 1");
  EXPECT_THAT(paths_of(layer.tree), ElementsAre("a", "b", "c"));
  EXPECT_EQ(layer.tree.find_path("a"), layer.tree.find_path("b"));
  EXPECT_EQ(layer.tree.links(*layer.tree.find_path("c")), 1U);
}

TEST_F(PathRulesTest, Renames) {
  Layer layer = make_tree({"a/b/c", "a/d", "f", "e/"});
  const NodeId file = *layer.tree.find_path("a/b/c");
  layer.implied = {*layer.tree.find_path("a/b")};
  layer.lower_links = {{*layer.tree.find_path("a/b"), "l", "x"}};
  layer = apply(std::move(layer), "rename = { \"/a/b\" = \"e/new/b\", f = \"g\" }");
  EXPECT_THAT(paths_of(layer.tree), ElementsAre("a/", "a/d", "e/", "e/new/", "e/new/b/", "e/new/b/c", "g"));
  EXPECT_EQ(layer.tree.find_path("e/new/b/c"), file);
  EXPECT_THAT(layer.implied,
              testing::UnorderedElementsAre(*layer.tree.find_path("e/new"), *layer.tree.find_path("e/new/b")));
  EXPECT_TRUE(std::ranges::is_sorted(layer.implied));
  EXPECT_EQ(layer.lower_links[0].directory, *layer.tree.find_path("e/new/b"));
  layer = apply(std::move(layer),
                "rename = [{ from = \"g\", to = \"h\" }, { from = \"h\", to = \"a/g\" }, "
                "{ from = \"e/new/b/l\", to = \"l\" }]");
  EXPECT_TRUE(layer.tree.find_path("a/g"));
  EXPECT_EQ(layer.lower_links[0].name, "l");
  EXPECT_EQ(layer.lower_links[0].directory, Tree::kRoot);
}

TEST_F(PathRulesTest, RefusesRenamesThatDontGo) {
  const auto refused = [&](const std::string& rename) {
    return failure(make_tree({"a/b", "f", "l -> a"}), "rename = " + rename);
  };
  EXPECT_THAT(refused("{ x = \"y\" }"), HasSubstr("p.toml:1:12: the source has no x"));
  EXPECT_THAT(refused("{ f = \"a/b\" }"), HasSubstr("a/b is there already"));
  EXPECT_THAT(refused("{ a = \"a/b/c\" }"), HasSubstr("a can't lie in itself"));
  EXPECT_THAT(refused("{ a = \"l/c\" }"), HasSubstr("a can't lie in itself"));
  EXPECT_THAT(refused("{ a = \"f/c\" }"), HasSubstr("/f leads to no directory"));
  EXPECT_THAT(refused("{ a = \"../c\" }"), HasSubstr("has a \"..\""));
  EXPECT_THAT(refused("{ \"/\" = \"c\" }"), HasSubstr("below the root"));
  EXPECT_THAT(refused("{ a.b = \"c\" }"), HasSubstr("the new path must be a string"));
  EXPECT_THAT(refused("3"), HasSubstr("rename must be a table"));
}

}  // namespace
}  // namespace fstool::test

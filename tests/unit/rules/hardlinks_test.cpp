#include "rules/hardlinks.h"

#include <gmock/gmock.h>

#include "rule_fixture.h"

namespace fstool::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class HardLinksTest : public RulesTest {};

class Unreadable : public Blob {
 public:
  std::uint64_t size() const override { return 1; }
  void read(std::uint64_t /*offset*/, std::span<std::byte> /*out*/) const override {
    throw Error(ErrorCode::Corrupt, "it is damaged");
  }
};

TEST_F(HardLinksTest, GivesEachNameAFileOfItsOwn) {
  Tree tree = make_tree({"a = x", "d/", "l -> a"});
  tree.link(*tree.find_path("d"), "b", *tree.find_path("a"));
  tree.link(*tree.find_path("d"), "m", *tree.find_path("l"));
  apply_hard_links(tree, HardLinks::Copy, context_);
  EXPECT_THAT(paths_of(tree), ElementsAre("a", "d/", "d/b", "d/m", "l"));
  for (const char* const path : {"a", "d/b", "d/m", "l"}) EXPECT_EQ(tree.links(*tree.find_path(path)), 1U) << path;
  EXPECT_EQ(node_at(tree, "d/b").content, node_at(tree, "a").content);
  EXPECT_EQ(node_at(tree, "d/m").target, "a");
}

TEST_F(HardLinksTest, MakesEqualFilesOne) {
  Tree tree = make_tree({"a = same", "b = same", "c = sane", "d/e = same", "mode = same", "owner = same", "time = same",
                         "xattr = same", "empty1 = ", "empty2 = ", "link -> same"});
  tree.node(*tree.find_path("mode")).permissions = 0600;
  tree.node(*tree.find_path("owner")).uid = 1;
  tree.node(*tree.find_path("time")).mtime = {1, 0};
  tree.node(*tree.find_path("xattr")).xattrs = std::make_shared<const Xattrs>(Xattrs{{"user.a", "b"}});
  apply_hard_links(tree, HardLinks::Dedup, context_);
  EXPECT_EQ(tree.find_path("b"), tree.find_path("a"));
  EXPECT_EQ(tree.find_path("d/e"), tree.find_path("a"));
  EXPECT_EQ(tree.links(*tree.find_path("a")), 3U);
  for (const char* const path : {"c", "mode", "owner", "time", "xattr", "empty1", "empty2", "link"}) {
    EXPECT_EQ(tree.links(*tree.find_path(path)), 1U) << path;
  }
}

TEST_F(HardLinksTest, ComparesAttributesByValue) {
  Tree tree = make_tree({"a = same", "b = same"});
  for (const char* const path : {"a", "b"}) {
    tree.node(*tree.find_path(path)).xattrs = std::make_shared<const Xattrs>(Xattrs{{"user.a", "b"}});
  }
  apply_hard_links(tree, HardLinks::Dedup, context_);
  EXPECT_EQ(tree.find_path("b"), tree.find_path("a"));
}

TEST_F(HardLinksTest, LeavesAFileTheNamesThatEveryFileSystemTakes) {
  Tree tree;
  const BlobPtr content = text_blob("x");
  for (int i = 0; i < 32'005; ++i) {
    Node node;
    node.content = content;
    tree.add(Tree::kRoot, fmt::format("{:05}", i), std::move(node));
  }
  apply_hard_links(tree, HardLinks::Dedup, context_);
  EXPECT_EQ(tree.links(*tree.find_path("00000")), 32'000U);
  EXPECT_EQ(tree.links(*tree.find_path("32000")), 5U);
}

TEST_F(HardLinksTest, SaysWhichFileCantBeRead) {
  Tree tree = make_tree({"b = x", "d/"});
  Node node;
  node.content = std::make_shared<Unreadable>();
  tree.add(*tree.find_path("d"), "a", std::move(node));
  try {
    apply_hard_links(tree, HardLinks::Dedup, context_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/d/a: it is damaged"));
  }
}

}  // namespace
}  // namespace fstool::test

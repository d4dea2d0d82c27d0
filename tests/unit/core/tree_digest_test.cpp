#include "tree_digest.h"

#include <gtest/gtest.h>

#include <functional>

namespace fstool {
namespace {

std::string digest_of(const Tree& tree) {
  Digest digest;
  digest.add(tree);
  return digest.finish().uuid("test").to_string();
}

std::string digest_of(const OptionTable& options) {
  Digest digest;
  digest.add(options);
  return digest.finish().uuid("test").to_string();
}

Node file(std::uint32_t uid = 0) {
  Node node;
  node.uid = uid;
  return node;
}

OptionEntry option(std::string key, decltype(OptionValue::data) data) {
  OptionValue value;
  value.data = std::move(data);
  return {.key = std::move(key), .value = std::move(value), .location = nullptr};
}

TEST(TreeDigestTest, DoesNotDependOnTheOrderOfListing) {
  Tree forward;
  forward.add(Tree::kRoot, "a", file(1));
  forward.add(Tree::kRoot, "b", file(2));
  Tree backward;
  backward.add(Tree::kRoot, "b", file(2));
  backward.add(Tree::kRoot, "a", file(1));
  EXPECT_EQ(digest_of(forward), digest_of(backward));
}

TEST(TreeDigestTest, TellsHardLinksFromCopies) {
  Tree linked;
  linked.link(Tree::kRoot, "b", linked.add(Tree::kRoot, "a", file()));
  Tree copied;
  copied.add(Tree::kRoot, "a", file());
  copied.add(Tree::kRoot, "b", file());
  EXPECT_NE(digest_of(linked), digest_of(copied));
}

TEST(TreeDigestTest, EveryFieldOfANodeCounts) {
  const auto with = [](const std::function<void(Node&)>& change) {
    Tree tree;
    Node node = file();
    change(node);
    tree.add(Tree::kRoot, "a", std::move(node));
    return digest_of(tree);
  };
  const std::string plain = with([](Node&) {});
  EXPECT_NE(plain, with([](Node& node) { node.permissions = 0600; }));
  EXPECT_NE(plain, with([](Node& node) { node.uid = 1; }));
  EXPECT_NE(plain, with([](Node& node) { node.gid = 1; }));
  EXPECT_NE(plain, with([](Node& node) { node.kind = NodeKind::Fifo; }));
  EXPECT_NE(plain, with([](Node& node) { node.device.minor = 1; }));
  EXPECT_NE(plain, with([](Node& node) { node.mtime.seconds = 1; }));
  EXPECT_NE(plain, with([](Node& node) { node.mtime.nanoseconds = 1; }));
  EXPECT_NE(plain, with([](Node& node) { node.content = make_hole_blob(1); }));
  EXPECT_NE(plain, with([](Node& node) { node.target = "x"; }));
  EXPECT_NE(plain, with([](Node& node) { node.xattrs = std::make_shared<Xattrs>(Xattrs{{"user.a", "1"}}); }));
  EXPECT_EQ(plain, with([](Node& node) { node.content = make_hole_blob(0); }));
}

TEST(TreeDigestTest, TheShapeCounts) {
  const auto directory = [] {
    Node node;
    node.kind = NodeKind::Directory;
    return node;
  };
  Tree nested;
  nested.add(nested.add(Tree::kRoot, "a", directory()), "b", directory());
  Tree flat;
  flat.add(Tree::kRoot, "a", directory());
  flat.add(Tree::kRoot, "b", directory());
  EXPECT_NE(digest_of(nested), digest_of(flat));
}

TEST(TreeDigestTest, StreamsMoreThanItsBufferHolds) {
  const auto tree_of = [](std::uint32_t last_uid) {
    Tree tree;
    for (std::uint32_t i = 0; i < 2000; ++i) {
      tree.add(Tree::kRoot, "file" + std::to_string(i), file(i == 1999 ? last_uid : 0));
    }
    return digest_of(tree);
  };
  EXPECT_EQ(tree_of(1), tree_of(1));
  EXPECT_NE(tree_of(1), tree_of(2));
}

TEST(TreeDigestTest, TypesCountWhereTheyMakeADifference) {
  const auto digest_with_types = [](decltype(OptionValue::data) data) {
    Digest digest;
    digest.add_with_types({option("a", std::move(data))});
    return digest.finish().uuid("test").to_string();
  };
  OptionValue a;
  a.data = "a";
  OptionValue b;
  b.data = "b";
  EXPECT_NE(digest_with_types("a,b"), digest_with_types(OptionValue::Array{a, b}));
  EXPECT_NE(digest_with_types("a"), digest_with_types(OptionValue::Array{a}));
  EXPECT_NE(digest_with_types("false"), digest_with_types(false));
  EXPECT_NE(digest_with_types("1"), digest_with_types(std::int64_t{1}));
  EXPECT_EQ(digest_with_types(OptionValue::Array{a, b}), digest_with_types(OptionValue::Array{a, b}));
}

TEST(TreeDigestTest, OptionsCountByWhatTheySay) {
  EXPECT_EQ(digest_of(OptionTable{option("a", "1"), option("b", true)}),
            digest_of(OptionTable{option("b", "true"), option("a", std::int64_t{1})}));
  EXPECT_NE(digest_of(OptionTable{option("a", "bc")}), digest_of(OptionTable{option("ab", "c")}));
}

}  // namespace
}  // namespace fstool

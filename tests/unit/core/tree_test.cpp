#include "fstool/tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "fstool/error.h"

namespace fstool {
namespace {

Node file() { return {}; }

Node directory() {
  Node node;
  node.kind = NodeKind::Directory;
  return node;
}

Node file_of(std::int64_t mtime) {
  Node node;
  node.mtime.seconds = mtime;
  return node;
}

std::vector<std::string> names_of(const Tree& tree, NodeId id) {
  std::vector<std::string> names;
  for (const DirEntry& entry : tree.entries(id)) names.emplace_back(entry.name);
  return names;
}

/// 0 … count - 1 in an order that looks random and is always the same.
std::vector<std::uint32_t> shuffled(std::uint32_t count) {
  std::vector<std::uint32_t> numbers(count);
  for (std::uint32_t i = 0; i < count; ++i) numbers[i] = i;
  std::shuffle(numbers.begin(), numbers.end(), std::mt19937(1));
  return numbers;
}

std::string numbered(std::uint32_t number) {
  const std::string digits = std::to_string(number);
  return "file" + std::string(8 - digits.size(), '0') + digits;
}

TEST(Tree, BeginsWithAnEmptyRoot) {
  const Tree tree;
  EXPECT_EQ(tree.node_count(), 1U);
  EXPECT_EQ(tree.node(Tree::kRoot).kind, NodeKind::Directory);
  EXPECT_EQ(tree.node(Tree::kRoot).permissions, 0755);
  EXPECT_EQ(tree.links(Tree::kRoot), 1U);
  EXPECT_EQ(tree.parent(Tree::kRoot), Tree::kRoot);
  EXPECT_EQ(tree.path(Tree::kRoot), "/");
  EXPECT_TRUE(tree.entries(Tree::kRoot).empty());
}

TEST(Tree, SortsEntriesByTheByteValuesOfTheirNames) {
  Tree tree;
  for (const std::string_view name : {"b", "\xC3\xA4", "B", "a", "aa", "a.b", "~"}) tree.add(Tree::kRoot, name, file());
  EXPECT_EQ(names_of(tree, Tree::kRoot), (std::vector<std::string>{"B", "a", "a.b", "aa", "b", "~", "\xC3\xA4"}));
}

TEST(Tree, FindsNodesByNameAndPath) {
  Tree tree;
  const NodeId usr = tree.add(Tree::kRoot, "usr", directory());
  const NodeId bin = tree.add(usr, "bin", directory());
  const NodeId sh = tree.add(bin, "sh", file());
  EXPECT_EQ(tree.find(usr, "bin"), bin);
  EXPECT_FALSE(tree.find(usr, "bi"));
  EXPECT_EQ(tree.find_path("usr/bin/sh"), sh);
  EXPECT_EQ(tree.find_path("/usr//bin/sh/"), sh);
  EXPECT_EQ(tree.find_path(""), Tree::kRoot);
  EXPECT_EQ(tree.find_path("/"), Tree::kRoot);
  EXPECT_FALSE(tree.find_path("usr/bin/sh/x"));
  EXPECT_FALSE(tree.find_path("usr/../usr"));
  EXPECT_EQ(tree.path(bin), "/usr/bin");
  EXPECT_EQ(tree.parent(bin), usr);
  EXPECT_THROW(tree.parent(sh), Error);
  EXPECT_THROW(tree.entries(sh), Error);
  EXPECT_THROW(tree.node(99), Error);
}

TEST(Tree, RefusesBadNamesAndPlaces) {
  Tree tree;
  const NodeId plain = tree.add(Tree::kRoot, "plain", file());
  for (const std::string_view name :
       {std::string_view(""), std::string_view("."), std::string_view(".."), std::string_view("a/b"),
        std::string_view("a\0b", 3), std::string_view("plain")}) {
    try {
      tree.add(Tree::kRoot, name, file());
      ADD_FAILURE() << name << " was added";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    }
  }
  EXPECT_THROW(tree.add(plain, "child", file()), Error);
  EXPECT_EQ(tree.node_count(), 2U);
  EXPECT_EQ(names_of(tree, Tree::kRoot), (std::vector<std::string>{"plain"}));
}

TEST(Tree, NamesTheTakenPath) {
  Tree tree;
  const NodeId etc = tree.add(Tree::kRoot, "etc", directory());
  tree.add(etc, "passwd", file());
  try {
    tree.add(etc, "passwd", file());
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "/etc/passwd exists already");
  }
}

TEST(Tree, CountsHardLinks) {
  Tree tree;
  const NodeId sub = tree.add(Tree::kRoot, "sub", directory());
  const NodeId node = tree.add(Tree::kRoot, "a", file());
  tree.link(sub, "b", node);
  EXPECT_EQ(tree.links(node), 2U);
  EXPECT_EQ(tree.find_path("sub/b"), node);
  EXPECT_THROW(tree.link(sub, "b", node), Error);
  EXPECT_THROW(tree.link(sub, "self", sub), Error) << "directories have one name";
  EXPECT_TRUE(tree.remove(Tree::kRoot, "a"));
  EXPECT_EQ(tree.links(node), 1U);
}

TEST(Tree, RemovesWholeDirectories) {
  Tree tree;
  const NodeId top = tree.add(Tree::kRoot, "top", directory());
  const NodeId sub = tree.add(top, "sub", directory());
  const NodeId kept = tree.add(sub, "kept", file());
  const NodeId lost = tree.add(sub, "lost", file());
  tree.link(Tree::kRoot, "kept", kept);
  EXPECT_FALSE(tree.remove(Tree::kRoot, "none"));
  EXPECT_TRUE(tree.remove(Tree::kRoot, "top"));
  EXPECT_FALSE(tree.find_path("top"));
  EXPECT_EQ(tree.links(top), 0U);
  EXPECT_EQ(tree.links(sub), 0U);
  EXPECT_EQ(tree.links(lost), 0U);
  EXPECT_EQ(tree.links(kept), 1U);
  EXPECT_EQ(names_of(tree, Tree::kRoot), (std::vector<std::string>{"kept"}));
  tree.add(Tree::kRoot, "top", file());
}

TEST(Tree, RemovesDeepDirectoriesWithoutRunningOutOfStack) {
  constexpr int kDepth = 200'000;
  Tree tree;
  NodeId at = Tree::kRoot;
  for (int i = 0; i < kDepth; ++i) at = tree.add(at, "d", directory());
  EXPECT_EQ(tree.path(at).size(), 2U * kDepth);
  EXPECT_TRUE(tree.remove(Tree::kRoot, "d"));
  EXPECT_EQ(tree.links(at), 0U);
}

TEST(Tree, KnowsTheNewestTimeOfWhatHasAName) {
  Tree tree;
  tree.node(Tree::kRoot).mtime.seconds = -10;
  EXPECT_EQ(tree.newest_mtime().seconds, -10);
  tree.add(Tree::kRoot, "old", file_of(5));
  tree.add(Tree::kRoot, "new", file_of(7));
  EXPECT_EQ(tree.newest_mtime().seconds, 7);
  tree.remove(Tree::kRoot, "new");
  EXPECT_EQ(tree.newest_mtime().seconds, 5);
}

TEST(Tree, SortsAMillionEntriesAddedInAnyOrder) {
  constexpr std::uint32_t kCount = 1'000'000;
  Tree tree;
  for (const std::uint32_t number : shuffled(kCount)) tree.add(Tree::kRoot, numbered(number), file());
  EXPECT_THROW(tree.add(Tree::kRoot, numbered(kCount / 3), file()), Error);
  EXPECT_TRUE(tree.find(Tree::kRoot, numbered(kCount / 2)));
  const auto entries = tree.entries(Tree::kRoot);
  ASSERT_EQ(entries.size(), kCount);
  for (std::uint32_t i = 0; i < kCount; ++i) ASSERT_EQ(entries[i].name, numbered(i));
  EXPECT_EQ(tree.find(Tree::kRoot, numbered(17)), entries[17].node);
}

TEST(Tree, StaysSortedWhenChangesAndLooksAlternate) {
  constexpr std::uint32_t kCount = 3000;
  Tree tree;
  std::vector<std::string> expected;
  std::uint32_t added = 0;
  for (const std::uint32_t number : shuffled(kCount)) {
    tree.add(Tree::kRoot, numbered(number), file());
    expected.push_back(numbered(number));
    if (++added % 700 == 0) {
      EXPECT_EQ(tree.entries(Tree::kRoot).size(), added - (added / 700 - 1));
      ASSERT_TRUE(tree.remove(Tree::kRoot, expected.back()));
      expected.pop_back();
    }
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(names_of(tree, Tree::kRoot), expected);
}

TEST(Tree, IsReadByManyThreadsAtOnce) {
  constexpr std::uint32_t kCount = 20'000;
  Tree tree;
  for (const std::uint32_t number : shuffled(kCount)) tree.add(Tree::kRoot, numbered(number), file());
  const Tree& finished = tree;
  std::vector<std::size_t> counts(4);
  std::vector<std::thread> readers;
  for (std::size_t& count : counts) {
    readers.emplace_back([&finished, &count] {
      for (std::uint32_t i = 0; i < 100; ++i) count += finished.find(Tree::kRoot, numbered(i)) ? 1 : 0;
      count += finished.entries(Tree::kRoot).size();
    });
  }
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(counts, std::vector<std::size_t>(4, kCount + 100));
}

TEST(Tree, KeepsNamesWhereTheyAreWhenItIsMoved) {
  Tree tree;
  tree.add(Tree::kRoot, "name", file());
  const std::string_view name = tree.entries(Tree::kRoot)[0].name;
  const Tree moved = std::move(tree);
  EXPECT_EQ(name, "name");
  EXPECT_EQ(moved.entries(Tree::kRoot)[0].name.data(), name.data());
}

TEST(Tree, KeepsNamesLongerThanItsChunks) {
  Tree tree;
  const std::string name(1'000'000, 'x');
  tree.add(Tree::kRoot, name, file());
  tree.add(Tree::kRoot, "short", file());
  EXPECT_EQ(names_of(tree, Tree::kRoot), (std::vector<std::string>{"short", name}));
}

}  // namespace
}  // namespace fstool

#include "fstool/layer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fstool/error.h"
#include "layer_part.h"
#include "tree_sketch.h"

namespace fstool {
namespace {

using test::layer_of;
using test::Lines;
using test::lines_of;

Lines merged(const Lines& base, const Lines& upper, Whiteouts whiteouts = Whiteouts::Both) {
  Tree tree = tree_of(layer_of(base));
  lay_over(tree, Tree::kRoot, layer_of(upper), whiteouts);
  return lines_of(tree);
}

template <class Work>
std::string failure(ErrorCode code, Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return {};
}

std::string merge_failure(ErrorCode code, const Lines& base, const Lines& upper) {
  return failure(code, [&] { merged(base, upper); });
}

TEST(LayOver, DirectoriesBecomeOneAndOtherKindsReplace) {
  EXPECT_EQ(merged({"d etc 1", "f etc/a old", "f etc/b old", "f kept", "s link a", "d gone", "f gone/x"},
                   {"d etc 2", "f etc/b new", "f etc/c new", "f link now a file", "f gone now a file"}),
            (Lines{"d etc 2", "f gone now a file", "f kept", "f link now a file", "f etc/a old", "f etc/b new",
                   "f etc/c new"}));
}

TEST(LayOver, ADirectoryReplacesAFileAndALinkOfItsName) {
  EXPECT_EQ(merged({"f a", "s b c", "d c", "f c/kept"}, {"d a", "f a/x", "d b", "f b/y"}),
            (Lines{"d a", "d b", "d c", "f a/x", "f b/y", "f c/kept"}));
}

TEST(LayOver, ImpliedDirectoriesKeepTheAttributesBelow) {
  EXPECT_EQ(merged({"d etc 1", "d etc/ssh 2"}, {"f etc/ssh/key"}), (Lines{"d etc 1", "d etc/ssh 2", "f etc/ssh/key"}));
}

TEST(LayOver, TheRootIsOneOfTheDirectories) {
  Tree tree = tree_of(layer_of({"r 1", "f a"}));
  lay_over(tree, Tree::kRoot, layer_of({"f b"}), Whiteouts::None);
  EXPECT_EQ(tree.node(Tree::kRoot).uid, 1U);
  lay_over(tree, Tree::kRoot, layer_of({"r 2", "f c"}), Whiteouts::None);
  EXPECT_EQ(tree.node(Tree::kRoot).uid, 2U);
  EXPECT_EQ(lines_of(tree), (Lines{"f a", "f b", "f c"}));
}

TEST(LayOver, OverAnEmptyTreeAnImpliedRootChangesNothing) {
  Tree tree;
  tree.node(Tree::kRoot).uid = 5;
  lay_over(tree, Tree::kRoot, layer_of({"f a", "w b"}), Whiteouts::Both);
  EXPECT_EQ(tree.node(Tree::kRoot).uid, 5U);
  EXPECT_EQ(lines_of(tree), (Lines{"f a"}));
  Tree other;
  lay_over(other, Tree::kRoot, layer_of({"r 6"}), Whiteouts::Both);
  EXPECT_EQ(other.node(Tree::kRoot).uid, 6U);
}

TEST(LayOver, GoesIntoADirectory) {
  Tree tree = tree_of(layer_of({"d opt 1", "f opt/a", "f a"}));
  lay_over(tree, *tree.find_path("opt"), layer_of({"r 3", "w a", "f b", "f c/d"}), Whiteouts::Overlayfs);
  EXPECT_EQ(lines_of(tree), (Lines{"f a", "d opt 3", "f opt/b", "d opt/c", "f opt/c/d"}));
}

TEST(LayOver, OciWhiteoutsHideWhatIsBelow) {
  EXPECT_EQ(merged({"f a", "d b", "f b/c", "f b/d", "f e"}, {"f .wh.a", "f b/.wh.c", "f .wh.nothing"}, Whiteouts::Oci),
            (Lines{"d b", "f e", "f b/d"}));
  EXPECT_EQ(merged({"d b", "f b/c"}, {"f .wh.b"}, Whiteouts::Oci), (Lines{}));
}

TEST(LayOver, AWhiteoutActsBeforeWhatItsLayerAdds) {
  EXPECT_EQ(merged({"f a old"}, {"f .wh.a", "f a new"}), (Lines{"f a new"}));
  EXPECT_EQ(merged({"d a 1", "f a/old"}, {"f .wh.a", "f a/new"}), (Lines{"d a", "f a/new"}));
  EXPECT_EQ(merged({"d a 1", "f a/old"}, {"f a/.wh..wh..opq", "f a/.wh.old", "f a/new"}), (Lines{"d a 1", "f a/new"}));
}

TEST(LayOver, OpaqueDirectoriesHideAllBelow) {
  EXPECT_EQ(merged({"d a", "f a/x", "d a/y", "f a/y/z", "f b"}, {"d a 2", "f a/.wh..wh..opq", "d a/y"}, Whiteouts::Oci),
            (Lines{"d a 2", "f b", "d a/y"}));
  EXPECT_EQ(merged({"d a", "f a/x", "f b"}, {"d a", "x a trusted.overlay.opaque=y", "f a/n"}, Whiteouts::Overlayfs),
            (Lines{"d a", "f b", "f a/n"}));
  EXPECT_EQ(merged({"d a", "f a/x"}, {"d a", "x a user.overlay.opaque=y"}), (Lines{"d a"}));
  EXPECT_EQ(merged({"d a", "f a/x"}, {"d a", "x a user.overlay.opaque=x"}), (Lines{"d a", "f a/x"}))
      << "it may hold whiteouts that are files";
}

TEST(LayOver, AnOpaqueRootHidesEverything) {
  EXPECT_EQ(merged({"f a", "d b", "f b/c"}, {"f .wh..wh..opq", "f d"}), (Lines{"f d"}));
}

TEST(LayOver, WhiteoutsOfOverlayfsAreDevicesAndMarkedFiles) {
  EXPECT_EQ(merged({"f a", "f b", "f c", "f d"},
                   {"w a", "f b", "x b trusted.overlay.whiteout=", "f c", "x c user.overlay.whiteout=y", "n d"}),
            (Lines{"n d"}));
  EXPECT_EQ(merged({"f a old"}, {"f a full", "x a trusted.overlay.whiteout="}), (Lines{"f a full"}))
      << "a file with something in it is none";
}

TEST(LayOver, WhiteoutsThatAreLinksOfEachOtherHideEach) {
  EXPECT_EQ(merged({"f a", "f b", "f c"}, {"w a", "h b a"}), (Lines{"f c"}));
}

TEST(LayOver, AttributesOfOverlayfsAreTakenAway) {
  EXPECT_EQ(merged({"d a"}, {"d a", "x a trusted.overlay.origin=1", "x a trusted.overlay.impure=y", "x a user.kept=1",
                             "f b", "x b user.overlay.origin=2"}),
            (Lines{"d a {user.kept=1}", "f b"}));
}

TEST(LayOver, WhatOverlayfsKeepsHalfIsRefused) {
  for (const char* const attribute : {"trusted.overlay.redirect=/old", "user.overlay.metacopy="}) {
    const std::string line = std::string("x d/a ") + attribute;
    EXPECT_NE(merge_failure(ErrorCode::Unsupported, {}, {"f d/a", line}).find("/d/a: overlayfs keeps only a part"),
              std::string::npos);
    EXPECT_NE(merge_failure(ErrorCode::Unsupported, {"f d/b"}, {"f d/a", line}).find("/d/a: overlayfs keeps"),
              std::string::npos);
  }
}

TEST(LayOver, AufsNamesAreDropped) {
  EXPECT_EQ(merged({"f a", "f plnk"}, {"f .wh..wh.aufs", "d .wh..wh.plnk", "f .wh..wh.plnk/1.2", "f b"}),
            (Lines{"f a", "f b", "f plnk"}));
}

TEST(LayOver, MarkersThatAreNotAskedForAreFiles) {
  EXPECT_EQ(merged({"f a", "f b"}, {"f .wh.a", "w b"}, Whiteouts::None), (Lines{"f .wh.a", "f a", "w b"}));
  EXPECT_EQ(merged({"f a", "f b"}, {"f .wh.a", "w b"}, Whiteouts::Oci), (Lines{"w b"}));
  EXPECT_EQ(merged({"f a", "f b"}, {"f .wh.a", "w b"}, Whiteouts::Overlayfs), (Lines{"f .wh.a", "f a"}));
  EXPECT_EQ(merged({"d a"}, {"d a", "x a user.overlay.opaque=y"}, Whiteouts::Oci),
            (Lines{"d a {user.overlay.opaque=y}"}));
}

TEST(LayOver, MarkersOfWhatHasNoNameAreCorrupt) {
  for (const char* const name : {".wh.", ".wh..", ".wh..."}) {
    const std::string line = std::string("f d/") + name;
    EXPECT_EQ(merge_failure(ErrorCode::Corrupt, {"f d/a"}, {line}),
              fmt::format("/d/{}: it hides nothing that could have a name", name));
    EXPECT_EQ(merge_failure(ErrorCode::Corrupt, {}, {line}),
              fmt::format("/d/{}: it hides nothing that could have a name", name));
  }
}

TEST(LayOver, ImpliedDirectoriesGoThroughLinks) {
  const Lines base = {"d usr 1", "d usr/lib 1", "s lib usr/lib", "s abs /usr/lib", "s up ../../lib"};
  EXPECT_EQ(merged(base, {"f lib/a"}).back(), "f usr/lib/a");
  EXPECT_EQ(merged(base, {"f abs/a"}).back(), "f usr/lib/a");
  EXPECT_EQ(merged(base, {"f up/a"}).back(), "f usr/lib/a") << "no \"..\" leads out of the tree";
  EXPECT_EQ(merged(base, {"d lib", "f lib/a"}),
            (Lines{"s abs /usr/lib", "d lib", "s up ../../lib", "d usr 1", "f lib/a", "d usr/lib 1"}))
      << "one that is described replaces the link";
}

TEST(LayOver, ImpliedDirectoriesReplaceLinksThatLeadNowhere) {
  EXPECT_EQ(merged({"s a b", "s b a", "s c nowhere", "f f", "s d f"}, {"f a/x", "f c/x", "f d/x"}),
            (Lines{"d a", "s b a", "d c", "d d", "f f", "f a/x", "f c/x", "f d/x"}));
}

TEST(LayOver, FollowsFortyLinksAndNoMore) {
  Lines base = {"d l0"};
  for (int i = 1; i <= 41; ++i) base.push_back(fmt::format("s l{} l{}", i, i - 1));
  Lines forty = merged(base, {"f l40/x"});
  EXPECT_TRUE(std::ranges::find(forty, "f l0/x") != forty.end());
  Lines more = merged(base, {"f l41/x"});
  EXPECT_TRUE(std::ranges::find(more, "f l41/x") != more.end());
}

TEST(LayOver, TwoDirectoriesThatLeadToOneBecomeOne) {
  const Lines base = {"d usr", "d usr/lib 1", "s lib usr/lib"};
  EXPECT_EQ(merged(base, {"f lib/a one", "f lib/b one", "d usr/lib 2", "f usr/lib/b two", "f usr/lib/c two"}),
            (Lines{"s lib usr/lib", "d usr", "d usr/lib 2", "f usr/lib/a one", "f usr/lib/b two", "f usr/lib/c two"}));
}

TEST(LayOver, OfTwoWaysToOneNameTheLaterCounts) {
  const Lines base = {"d usr", "d usr/lib", "s lib usr/lib"};
  EXPECT_EQ(merged(base, {"f lib/x/deep/a one", "f usr/lib/x two"}),
            (Lines{"s lib usr/lib", "d usr", "d usr/lib", "f usr/lib/x two"}));
  EXPECT_EQ(merged(base, {"f lib/x one", "f usr/lib/x/b two"}),
            (Lines{"s lib usr/lib", "d usr", "d usr/lib", "d usr/lib/x", "f usr/lib/x/b two"}));
  EXPECT_EQ(merged(base, {"f lib/x/a one", "f usr two"}), (Lines{"s lib usr/lib", "f usr two"}));
}

TEST(LayOver, NothingThatWasTakenAwayGetsANameByAnotherWay) {
  // "a" leads into "z", which is a file before the walk comes to what is in "a".
  EXPECT_EQ(merged({"d z", "d z/sub", "f z/sub/t", "s a z"}, {"f a/sub/new", "l a/sub/link z/sub/t", "f z file"}),
            (Lines{"s a z", "f z file"}));
}

TEST(LayOver, LinksWithinALayerStayLinks) {
  EXPECT_EQ(merged({"f a old", "f c/b old"}, {"f a new", "h c/b a", "h c/c a"}),
            (Lines{"f a new", "d c", "h c/b a", "h c/c a"}));
}

TEST(LayOver, LowerLinksLeadToFilesBelow) {
  EXPECT_EQ(merged({"f a text", "d b 1"}, {"l b/c a", "l d /a"}), (Lines{"f a text", "d b 1", "h d a", "h b/c a"}));
}

TEST(LayOver, LowerLinksLeadToWhatWasThereBeforeTheLayerCame) {
  EXPECT_EQ(merged({"f a old"}, {"l b a", "f a new"}), (Lines{"f a new", "f b old"}));
  EXPECT_EQ(merged({"f a old"}, {"l b a", "f .wh.a"}), (Lines{"f b old"}));
  EXPECT_EQ(merged({"f d/a old"}, {"l b d/a", "f .wh.d"}), (Lines{"f b old"}));
  EXPECT_EQ(merged({"f d/a old"}, {"l d d/a"}), (Lines{"f d old"})) << "the link replaces the directory it came from";
}

TEST(LayOver, LowerLinksGoThroughLinksOnTheWay) {
  EXPECT_EQ(merged({"d usr", "d usr/lib", "f usr/lib/a", "s lib usr/lib"}, {"l b lib/a"}),
            (Lines{"f b", "s lib usr/lib", "d usr", "d usr/lib", "h usr/lib/a b"}));
}

TEST(LayOver, LowerLinksReplaceWhatHasTheirName) {
  EXPECT_EQ(merged({"f a", "d b", "f b/c"}, {"l b a"}), (Lines{"f a", "h b a"}));
  EXPECT_EQ(merged({"f a", "h b a"}, {"l b a"}), (Lines{"f a", "h b a"}));
}

TEST(LayOver, LowerLinksCountFromWhereTheLayerGoes) {
  Tree tree = tree_of(layer_of({"f a outer", "f opt/a inner"}));
  lay_over(tree, *tree.find_path("opt"), layer_of({"l b a"}), Whiteouts::None);
  EXPECT_EQ(lines_of(tree), (Lines{"f a outer", "d opt", "f opt/a inner", "h opt/b opt/a"}));
}

TEST(LayOver, LowerLinksToNothingAndToDirectoriesAreCorrupt) {
  EXPECT_EQ(merge_failure(ErrorCode::Corrupt, {"f x"}, {"l d/b /a"}),
            "/d/b: it is a hard link to /a, which does not exist");
  EXPECT_EQ(merge_failure(ErrorCode::Corrupt, {}, {"l d/b /a"}), "/d/b: it is a hard link to /a, which does not exist");
  EXPECT_EQ(merge_failure(ErrorCode::Corrupt, {"d a"}, {"l b a"}), "/b: it is a hard link to the directory a");
  EXPECT_NE(merge_failure(ErrorCode::Corrupt, {"f x"}, {"l b x/y"}).find("does not exist"), std::string::npos);
  EXPECT_NE(merge_failure(ErrorCode::Corrupt, {"f x"}, {"l b /"}).find("does not exist"), std::string::npos);
}

TEST(LayOver, DeepTreesNeedNoStack) {
  constexpr int kDepth = 200'000;
  const auto deep = [](std::uint32_t owner, const char* name) {
    Layer layer;
    NodeId at = Tree::kRoot;
    for (int i = 0; i < kDepth; ++i) {
      Node node;
      node.kind = NodeKind::Directory;
      node.uid = owner;
      at = layer.tree.add(at, "d", std::move(node));
    }
    layer.tree.add(at, name, Node());
    return layer;
  };
  Tree tree = tree_of(deep(1, "one"));
  lay_over(tree, Tree::kRoot, deep(2, "two"), Whiteouts::Both);
  NodeId at = Tree::kRoot;
  while (const auto next = tree.find(at, "d")) at = *next;
  EXPECT_EQ(tree.node(at).uid, 2U);
  EXPECT_TRUE(tree.find(at, "one"));
  EXPECT_TRUE(tree.find(at, "two"));
  EXPECT_EQ(tree_of(deep(3, "three"), Whiteouts::Both).node_count(), kDepth + 2U);
}

std::string numbered(std::uint32_t number) { return fmt::format("{:07}", number); }

/// A layer of files in one directory, every `step`-th number of a million.
Layer many(std::uint32_t first, std::uint32_t step, const char* prefix = "") {
  Layer layer;
  Node directory;
  directory.kind = NodeKind::Directory;
  const NodeId id = layer.tree.add(Tree::kRoot, "d", std::move(directory));
  for (std::uint32_t i = first; i < 1'000'000; i += step) layer.tree.add(id, prefix + numbered(i), Node());
  return layer;
}

TEST(LayOver, ADirectoryOfAMillionIsChangedInLinearTime) {
  Tree tree = tree_of(many(0, 1));
  const NodeId directory = *tree.find(Tree::kRoot, "d");
  lay_over(tree, Tree::kRoot, many(0, 3, ".wh."), Whiteouts::Oci);
  EXPECT_EQ(tree.entries(directory).size(), 666'666U);
  lay_over(tree, Tree::kRoot, many(0, 2), Whiteouts::Oci);
  EXPECT_EQ(tree.entries(directory).size(), 833'333U);
  Layer opaque = many(0, 500'000);
  opaque.tree.add(*opaque.tree.find(Tree::kRoot, "d"), ".wh..wh..opq", Node());
  lay_over(tree, Tree::kRoot, std::move(opaque), Whiteouts::Oci);
  EXPECT_EQ(lines_of(tree), (Lines{"d d", "f d/0000000", "f d/0500000"}));
}

TEST(LayOver, WhatLiesOverNothingIsMoved) {
  Layer layer = many(0, 1);
  const Node* const first = &layer.tree.node(2);
  Tree tree;
  lay_over(tree, Tree::kRoot, std::move(layer), Whiteouts::Both);
  EXPECT_EQ(&tree.node(2), first);
}

TEST(TreeOf, TakesMarkersAway) {
  const Lines lines = {"f a",          "w b",   "f .wh.c", "d d", "f d/.wh..wh..opq", "x d trusted.overlay.opaque=y",
                       "x d user.k=v", "f d/e", "w d/f"};
  EXPECT_EQ(lines_of(tree_of(layer_of(lines), Whiteouts::Both)), (Lines{"f a", "d d {user.k=v}", "f d/e"}));
  EXPECT_EQ(lines_of(tree_of(layer_of(lines), Whiteouts::Oci)),
            (Lines{"f a", "w b", "d d {trusted.overlay.opaque=y} {user.k=v}", "f d/e", "w d/f"}));
  EXPECT_EQ(lines_of(tree_of(layer_of(lines))).size(), 7U);
}

TEST(TakePart, ADirectoryBecomesTheRoot) {
  LayerPart part = take_part(layer_of({"f a", "d b 4", "f b/c text", "h b/d b/c", "f b/e/f", "h b/g a"}), "/b/");
  EXPECT_FALSE(part.is_file);
  EXPECT_EQ(part.layer.tree.node(Tree::kRoot).uid, 4U);
  EXPECT_EQ(part.layer.implied, (std::vector<NodeId>{*part.layer.tree.find_path("e")}));
  EXPECT_EQ(lines_of(part.layer.tree), (Lines{"f c text", "h d c", "d e", "f g", "f e/f"}));
}

TEST(TakePart, KeepsMarkersAndTheOrderOfImpliedDirectories) {
  LayerPart part = take_part(layer_of({"f b/.wh.c", "w b/d", "f b/z/1", "f b/a/2", "f b/z/y/3"}), "b");
  EXPECT_TRUE(std::ranges::is_sorted(part.layer.implied));
  EXPECT_EQ(part.layer.implied.size(), 4U);
  Tree tree = tree_of(layer_of({"f c", "f d", "d a 1", "d z 2"}));
  lay_over(tree, Tree::kRoot, std::move(part.layer), Whiteouts::Both);
  EXPECT_EQ(lines_of(tree), (Lines{"d a 1", "d z 2", "f a/2", "f z/1", "d z/y", "f z/y/3"}));
}

TEST(TakePart, AFileIsTheOnlyNameOfAnImpliedRoot) {
  const LayerPart part = take_part(layer_of({"d a", "f a/b text", "h c a/b"}), "a/b");
  EXPECT_TRUE(part.is_file);
  EXPECT_EQ(part.layer.implied, (std::vector<NodeId>{Tree::kRoot}));
  EXPECT_EQ(lines_of(part.layer.tree), (Lines{"f b text"}));
}

TEST(TakePart, GoesThroughLinks) {
  const Lines lines = {"d usr", "d usr/lib", "f usr/lib/a", "s lib usr/lib", "s dangling x"};
  EXPECT_EQ(lines_of(take_part(layer_of(lines), "lib").layer.tree), (Lines{"f a"}));
  EXPECT_EQ(lines_of(take_part(layer_of(lines), "lib/a").layer.tree), (Lines{"f a"}));
  EXPECT_EQ(lines_of(take_part(layer_of(lines), "dangling").layer.tree), (Lines{"s dangling x"}));
}

TEST(TakePart, TheRootIsAllOfIt) {
  EXPECT_EQ(lines_of(take_part(layer_of({"f a", "f b/c"}), "/").layer.tree), (Lines{"f a", "d b", "f b/c"}));
}

TEST(TakePart, WhatIsNotThereIsAnError) {
  for (const char* const path : {"b", "a/b", "/c/d"}) {
    EXPECT_EQ(failure(ErrorCode::NotFound, [&] { take_part(layer_of({"f a"}), path); }),
              std::string("there is no ") + path);
  }
}

TEST(TakePart, LowerLinksStayInThePart) {
  LayerPart part = take_part(layer_of({"d b", "l b/c b/d", "l b/e/f /b/e/g", "l x y"}), "b");
  ASSERT_EQ(part.layer.lower_links.size(), 2U);
  Tree tree = tree_of(layer_of({"f d 1", "f e/g 2"}));
  lay_over(tree, Tree::kRoot, std::move(part.layer), Whiteouts::None);
  EXPECT_EQ(lines_of(tree), (Lines{"f c 1", "h d c", "d e", "f e/f 2", "h e/g e/f"}));
  EXPECT_EQ(failure(ErrorCode::Corrupt,
                    [] {
                      take_part(layer_of({"d b", "l b/c a"}), "b");
                    }),
            "/b/c: it is a hard link to a, which is not in /b");
}

}  // namespace
}  // namespace fstool

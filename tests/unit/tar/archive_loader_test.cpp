// Archives that are hostile or odd, made header by header.

#include "archive/archive_loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/registry.h"
#include "header.h"
#include "raw_archives.h"
#include "run_tool.h"
#include "tar_blob.h"

namespace fstool::tar {
namespace {

Node of_kind(NodeKind kind) {
  Node node;
  node.kind = kind;
  return node;
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// Puts a tar together, member by member.
class ArchiveLoaderTest : public testing::Test {
 protected:
  void add(const std::string& path, const Node& node, const std::string& content = {}, const std::string& link = {}) {
    tar_ += member_header({.node = node, .path = path, .link = link, .stored = content.size(), .extents = {}});
    tar_ += content;
    tar_.resize(round_up_to_block(tar_.size()));
  }
  void file(const std::string& path, const std::string& content) { add(path, of_kind(NodeKind::File), content); }
  void directory(const std::string& path) { add(path, of_kind(NodeKind::Directory)); }
  void symlink(const std::string& path, const std::string& target) {
    Node node = of_kind(NodeKind::Symlink);
    node.target = target;
    add(path, node);
  }
  void link(const std::string& path, const std::string& target) { add(path, of_kind(NodeKind::File), {}, target); }

  std::filesystem::path write(const std::string& tail = std::string(1024, '\0')) const {
    std::filesystem::path path = temporary_.path() / "a.tar";
    test::write_blob(*make_memory_blob(bytes_of(tar_ + tail)), path);
    return path;
  }

  Tree load() const {
    const Registry registry;
    Context context(registry, {.threads = 1});
    return tree_of(load_archive({.file = open_file_blob(write()), .name = "a.tar", .limits = {}}, context));
  }

  void expect_refused(const std::string& text) const {
    try {
      load();
      ADD_FAILURE() << "no error; expected one about " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Corrupt) << error.what();
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  }

  static const Node& node(const Tree& tree, std::string_view path) { return tree.node(tree.find_path(path).value()); }

  const test::TemporaryDirectory temporary_;
  std::string tar_;
};

TEST_F(ArchiveLoaderTest, ContentsAreSlicesOfTheArchive) {
  file("a", std::string(700, 'a'));
  file("b", "bb");
  const Tree tree = load();
  EXPECT_EQ(text_of(node(tree, "a")), std::string(700, 'a'));
  EXPECT_EQ(text_of(node(tree, "b")), "bb");
  const auto range = node(tree, "a").content->host_range(0, 700);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->offset, 512U);
}

TEST_F(ArchiveLoaderTest, AbsoluteAndDottedNamesLieBelowTheRoot) {
  file("/etc/passwd", "p");
  file("././etc//group", "g");
  Node root = of_kind(NodeKind::Directory);
  root.permissions = 0700;
  add("./", root);
  const Tree tree = load();
  EXPECT_EQ(text_of(node(tree, "etc/passwd")), "p");
  EXPECT_EQ(text_of(node(tree, "etc/group")), "g");
  EXPECT_EQ(tree.node(Tree::kRoot).permissions, 0700);
  EXPECT_EQ(node(tree, "etc").permissions, 0755);
}

TEST_F(ArchiveLoaderTest, NamesThatLeadOutAreRefused) {
  file("a/../../etc/passwd", "p");
  expect_refused("leads out of the archive with \"..\"");
}

TEST_F(ArchiveLoaderTest, NamesBelowALinkAreRefused) {
  symlink("out", "/etc");
  file("out/passwd", "p");
  expect_refused("it lies below /out, which is a symbolic link");
}

TEST_F(ArchiveLoaderTest, NamesBelowAFileAreRefused) {
  file("f", "f");
  file("f/g", "g");
  expect_refused("it lies below /f, which is no directory");
}

TEST_F(ArchiveLoaderTest, TheLastOfEqualNamesWins) {
  file("a", "old");
  link("b", "a");
  file("a", "new");
  symlink("c", "x");
  directory("c/");
  file("c/d", "d");
  directory("c/");
  const Tree tree = load();
  EXPECT_EQ(text_of(node(tree, "a")), "new");
  EXPECT_EQ(text_of(node(tree, "b")), "old");
  EXPECT_EQ(tree.links(tree.find_path("b").value()), 1U);
  EXPECT_EQ(text_of(node(tree, "c/d")), "d");
}

TEST_F(ArchiveLoaderTest, AFullDirectoryIsNotReplaced) {
  file("d/f", "f");
  symlink("d", "/etc");
  expect_refused("it would replace a directory that has something in it");
}

TEST_F(ArchiveLoaderTest, HardLinksLeadToWhatWasThereBefore) {
  file("a", "a");
  link("x/b", "./a");
  const Tree tree = load();
  EXPECT_EQ(tree.find_path("a"), tree.find_path("x/b"));
}

TEST_F(ArchiveLoaderTest, HardLinksToNothingAreRefused) {
  link("a", "b");
  link("b", "a");
  expect_refused("it is a hard link to /b, which does not exist");
}

TEST_F(ArchiveLoaderTest, HardLinksToThemselvesAreRefused) {
  file("a", "a");
  link("a", "a");
  expect_refused("it is a hard link to itself");
}

TEST_F(ArchiveLoaderTest, HardLinksToDirectoriesAreRefused) {
  directory("d/");
  link("a", "d");
  expect_refused("it is a hard link to the directory /d");
}

TEST_F(ArchiveLoaderTest, SizesBeyondTheEndAreRefused) {
  tar_ =
      member_header({.node = of_kind(NodeKind::File), .path = "a", .link = {}, .stored = 1ULL << 40U, .extents = {}});
  expect_refused("the archive ends before its content does");
}

TEST_F(ArchiveLoaderTest, SparseFilesKeepTheirHoles) {
  Node node = of_kind(NodeKind::File);
  node.content = make_hole_blob(1 << 20);
  const std::vector<DataExtent> extents = {{4096, 3}, {8192, 512}};
  tar_ = member_header({.node = node, .path = "sparse", .link = {}, .stored = 515, .extents = extents});
  tar_ += "abc" + std::string(512, 'd');
  tar_.resize(round_up_to_block(tar_.size()));
  file("next", "n");
  const Tree tree = load();
  const std::string text = text_of(ArchiveLoaderTest::node(tree, "sparse"));
  ASSERT_EQ(text.size(), std::size_t{1} << 20U);
  EXPECT_EQ(text.substr(4096, 4), std::string("abc\0", 4));
  EXPECT_EQ(text.substr(8192, 513), std::string(512, 'd') + std::string(1, '\0'));
  EXPECT_TRUE(ArchiveLoaderTest::node(tree, "sparse").content->run_at(0).hole);
  EXPECT_EQ(text_of(ArchiveLoaderTest::node(tree, "next")), "n");
}

TEST_F(ArchiveLoaderTest, TimesBefore1970KeepTheirNanoseconds) {
  Node node = of_kind(NodeKind::File);
  node.mtime = {-5, 123'456'789};
  add("a", node);
  EXPECT_EQ(ArchiveLoaderTest::node(load(), "a").mtime, (Timestamp{-5, 123'456'789}));
}

TEST_F(ArchiveLoaderTest, AcceptsWhatBeginsWithAMember) {
  // Zeros, as disks begin, could be an empty tar.
  EXPECT_FALSE(begins_as_archive(open_file_blob(write(std::string(65536, '\0')))));
  EXPECT_FALSE(begins_as_archive(open_file_blob(write("text"))));
  file("a", "a");
  EXPECT_TRUE(begins_as_archive(open_file_blob(write())));
  tar_[10] = 'x';  // the checksum is wrong now
  EXPECT_FALSE(begins_as_archive(open_file_blob(write())));
}

TEST(ArchiveMember, KeepsAttributesHoweverTheyAreWritten) {
  const std::string capability("\1\0\0\2\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  const std::string tar = pax_member({{"SCHILY.xattr.user.a%3Db", std::string("with \0 and =\n", 13)},
                                      {"SCHILY.xattr.security.capability", capability},
                                      {"SCHILY.acl.access", "user::rwx,user:1234:r-x,group::r-x,mask::rwx,other::---"},
                                      {"SCHILY.acl.default", "user::rwx,group::---,other::r--"}}) +
                          tar_member({.name = "a", .type = '5', .mode = "0000750"}) +
                          pax_member({{"LIBARCHIVE.xattr.user.c", "AQID"}}) + tar_member({.name = "b"});
  const Registry registry;
  Context context(registry, {.threads = 1});
  const Layer layer = load_bytes(tar, context);
  const Xattrs& xattrs = *node_at(layer.tree, "a").xattrs;
  ASSERT_EQ(xattrs.size(), 4U);
  EXPECT_EQ(xattrs[0], (Xattr{"security.capability", capability}));
  EXPECT_EQ(xattrs[1].name, "system.posix_acl_access");
  EXPECT_EQ(xattrs[1].value.size(), 4U + 5 * 8);
  EXPECT_EQ(xattrs[2].name, "system.posix_acl_default");
  EXPECT_EQ(xattrs[3], (Xattr{"user.a=b", std::string("with \0 and =\n", 13)}));
  EXPECT_EQ(node_at(layer.tree, "a").permissions, 0770);  // those of the mask
  EXPECT_EQ(*node_at(layer.tree, "b").xattrs, (Xattrs{{"user.c", "\1\2\3"}}));
}

TEST(ArchiveMember, HasNanosecondsAndLargeNumbers) {
  const std::string tar =
      pax_member({{"mtime", "1700000000.123456789"}, {"uid", "4000000000"}, {"gid", "3000000"}}) +
      tar_member({.name = "a"}) +
      tar_member({.name = "null", .type = '3', .device_major = "0000001", .device_minor = "0000403"});
  const Registry registry;
  Context context(registry, {.threads = 1});
  const Layer layer = load_bytes(tar, context);
  const Node& node = node_at(layer.tree, "a");
  EXPECT_EQ(node.mtime, (Timestamp{1'700'000'000, 123'456'789}));
  EXPECT_EQ(node.uid, 4'000'000'000U);
  EXPECT_EQ(node.gid, 3'000'000U);
  EXPECT_EQ(node_at(layer.tree, "null").device, (DeviceNumber{1, 259}));
}

TEST(TarBlobTest, ReadsAlikeInAnyPieces) {
  auto tree = std::make_shared<Tree>();
  const NodeId directory = tree->add(Tree::kRoot, "d", of_kind(NodeKind::Directory));
  Node large = of_kind(NodeKind::File);
  large.content = make_memory_blob(bytes_of(std::string(3000, 'l')));
  tree->link(Tree::kRoot, "link", tree->add(directory, std::string(200, 'n'), std::move(large)));
  Node sparse = of_kind(NodeKind::File);
  BlobBuilder builder;
  builder.add(10'000, make_memory_blob(bytes_of("data")));
  sparse.content = builder.finish(1 << 20);
  tree->add(Tree::kRoot, "sparse", std::move(sparse));
  const Registry registry;
  Context context(registry, {.threads = 1});
  const TarBlob tar(tree, context);
  ASSERT_EQ(tar.size() % 10'240, 0U);
  ASSERT_LE(tar.size(), 20'480U);

  const auto whole = read_all(tar, tar.size());
  for (const std::uint64_t piece : {1U, 7U, 511U, 513U, 4096U}) {
    std::vector<std::byte> pieces(tar.size());
    for (std::uint64_t at = 0; at < tar.size(); at += piece) {
      const std::uint64_t length = std::min(piece, tar.size() - at);
      tar.read(at, std::span(pieces).subspan(at, length));
    }
    EXPECT_EQ(pieces, whole) << piece;
  }
  std::uint64_t at = 0;
  while (at < tar.size()) at += tar.run_at(at).length;
  EXPECT_EQ(at, tar.size());
}

}  // namespace
}  // namespace fstool::tar

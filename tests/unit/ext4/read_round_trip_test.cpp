// What the writer writes, the reader reads: the same tree.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "formatted.h"
#include "opened.h"
#include "read/open_volume.h"

namespace fstool::ext4 {
namespace {

using testing::IsEmpty;

std::shared_ptr<const Xattrs> xattrs_of(Xattrs xattrs) { return std::make_shared<const Xattrs>(std::move(xattrs)); }

/// user::rw-, user:1000:r--, group::r--, mask::r--, other::---
std::string acl() {
  using namespace std::string_literals;
  return "\2\0\0\0"
         "\1\0\6\0\xff\xff\xff\xff"
         "\2\0\4\0\xe8\3\0\0"
         "\4\0\4\0\xff\xff\xff\xff"
         "\x10\0\4\0\xff\xff\xff\xff"
         "\x20\0\0\0\xff\xff\xff\xff"s;
}

Node sparse_file(std::uint32_t block_size) {
  Node node = file_node(1);
  BlobBuilder builder;
  for (std::uint64_t i = 0; i < 40; ++i) builder.add(i * 5 * block_size, file_node(block_size + 7).content);
  node.content = builder.finish(900 * block_size + 3);
  return node;
}

Tree tree_of_everything(std::uint32_t block_size) {
  Tree tree;
  tree.node(Tree::kRoot).mtime = {1'600'000'000, 3};
  Node special = file_node(100);
  special.permissions = 06755;
  special.uid = 70'000;
  special.gid = 4'000'000'000;
  special.mtime = {-5, 999'999'999};
  special.xattrs = xattrs_of({{"security.capability", "caps"},
                              {"system.posix_acl_access", acl()},
                              {"trusted.empty", ""},
                              {"user.comment", std::string(600, 'c')}});
  const NodeId hard = tree.add(Tree::kRoot, "special", std::move(special));
  tree.link(Tree::kRoot, "hard link", hard);
  tree.add(Tree::kRoot, "empty", Node());
  tree.add(Tree::kRoot, "sparse", sparse_file(block_size));
  tree.add(Tree::kRoot, "large", file_node(3'000'000));
  for (const std::size_t length : {1U, 59U, 60U, 61U, 500U}) {
    tree.add(Tree::kRoot, fmt::format("link{}", length), symlink_node(std::string(length, 't')));
  }
  for (const auto& [kind, device] :
       {std::pair(NodeKind::CharDevice, DeviceNumber{1, 3}),
        std::pair(NodeKind::BlockDevice, DeviceNumber{259, 1'000'000}), std::pair(NodeKind::Fifo, DeviceNumber{}),
        std::pair(NodeKind::Socket, DeviceNumber{})}) {
    Node node;
    node.kind = kind;
    node.device = device;
    tree.add(Tree::kRoot, fmt::format("kind{}", static_cast<int>(kind)), std::move(node));
  }
  const NodeId many = tree.add(Tree::kRoot, "many", directory_node());
  for (int i = 0; i < 1000; ++i) tree.add(many, fmt::format("{}{}", std::string(i % 50, 'n'), i), file_node(i % 3));
  NodeId deep = many;
  for (int i = 0; i < 30; ++i) deep = tree.add(deep, "deep", directory_node());
  return tree;
}

struct Case {
  const char* name;
  Generation generation;
  std::uint32_t block_size;
  const char* features;
};

void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }

class ExtReaderRoundTrip : public testing::TestWithParam<Case> {};

TEST_P(ExtReaderRoundTrip, GivesTheTreeBack) {
  const Case& param = GetParam();
  ExtOptions options;
  options.block_size = param.block_size;
  options.features = param.features;
  options.volume_label = "round trip";
  const FormattedVolume formatted =
      format_tree(tree_of_everything(param.block_size), options, std::uint64_t{0}, param.generation);
  const Opened opened = open_image(formatted.image, true);
  EXPECT_THAT(tree_differences(tree_of_everything(param.block_size), opened.tree()), IsEmpty());
  EXPECT_THAT(opened.warnings(), IsEmpty());
  for (const VolumeFacts& facts : {opened.volume.facts, inspect_volume(formatted.image, *opened.context)}) {
    EXPECT_EQ(facts.type, formatted.facts.type);
    EXPECT_EQ(facts.label, "round trip");
    EXPECT_EQ(facts.uuid, formatted.facts.uuid);
    EXPECT_EQ(facts.blocks, formatted.facts.blocks);
    EXPECT_EQ(facts.free_blocks, formatted.facts.free_blocks);
    EXPECT_EQ(facts.inodes, formatted.facts.inodes);
    EXPECT_EQ(facts.free_inodes, formatted.facts.free_inodes);
    EXPECT_EQ(facts.features, formatted.facts.features);
    EXPECT_EQ(facts.state, "clean");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Formats, ExtReaderRoundTrip,
    testing::Values(Case{"ext2", Generation::Ext2, 4096, ""}, Case{"ext2_1k", Generation::Ext2, 1024, ""},
                    Case{"ext3", Generation::Ext3, 4096, ""}, Case{"ext3_1k", Generation::Ext3, 1024, ""},
                    Case{"ext4", Generation::Ext4, 4096, ""}, Case{"ext4_1k", Generation::Ext4, 1024, ""},
                    Case{"ext4_2k", Generation::Ext4, 2048, ""}, Case{"ext4_64k", Generation::Ext4, 65536, ""},
                    Case{"meta_bg", Generation::Ext4, 1024, "meta_bg,^resize_inode"},
                    Case{"inline_data", Generation::Ext4, 4096, "inline_data"},
                    Case{"uninit_bg", Generation::Ext4, 4096, "^metadata_csum,uninit_bg"},
                    Case{"no_checksums", Generation::Ext4, 4096, "^metadata_csum"}),
    [](const auto& test) { return test.param.name; });

TEST(ExtReader, HolesStayHoles) {
  Tree tree;
  tree.add(Tree::kRoot, "sparse", sparse_file(4096));
  const FormattedVolume formatted = format_tree(std::move(tree));
  const Opened opened = open_image(formatted.image);
  const Blob& content = *opened.at("/sparse").content;
  EXPECT_EQ(content.run_at(0).length, 2 * 4096U);
  EXPECT_FALSE(content.run_at(0).hole);
  const fstool::Run gap = content.run_at(2 * 4096);
  EXPECT_TRUE(gap.hole);
  EXPECT_EQ(gap.length, 3 * 4096U);
  EXPECT_TRUE(content.run_at(content.size() - 1).hole);
}

TEST(ExtReader, ContentsCanBeCopiedByTheKernel) {
  Tree tree;
  tree.add(Tree::kRoot, "file", file_node(1 << 20));
  const ImageFile file(*format_tree(std::move(tree)).image);
  const Opened opened = open_image(open_file_blob(file.path()));
  const Blob& content = *opened.at("/file").content;
  const auto range = content.host_range(4096, 500'000);
  ASSERT_TRUE(range);
  std::vector<std::byte> expected(500'000);
  content.read(4096, expected);
  std::vector<std::byte> actual(expected.size());
  open_file_blob(file.path())->read(range->offset, actual);
  EXPECT_TRUE(actual == expected);
}

TEST(ExtReader, EqualXattrsAreShared) {
  Tree tree;
  for (int i = 0; i < 3; ++i) {
    Node node = file_node(1);
    node.xattrs = xattrs_of({{"security.selinux", "system_u:object_r:etc_t:s0"}});
    tree.add(Tree::kRoot, fmt::format("file{}", i), std::move(node));
  }
  const Opened opened = open_image(format_tree(std::move(tree)).image);
  EXPECT_EQ(opened.at("/file0").xattrs, opened.at("/file1").xattrs);
  EXPECT_EQ(opened.at("/file0").xattrs, opened.at("/file2").xattrs);
}

TEST(ExtReader, OnlyItsOwnFormatIsProbed) {
  const BlobPtr ext2 = format_tree(Tree(), {}, std::uint64_t{0}, Generation::Ext2).image;
  const BlobPtr ext3 = format_tree(Tree(), {}, std::uint64_t{0}, Generation::Ext3).image;
  const BlobPtr ext4 = format_tree(Tree(), {}, std::uint64_t{0}, Generation::Ext4).image;
  const ExtFilesystem filesystems[] = {{Generation::Ext2, {}}, {Generation::Ext3, {}}, {Generation::Ext4, {}}};
  const BlobPtr images[] = {ext2, ext3, ext4};
  for (std::size_t f = 0; f < 3; ++f) {
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(filesystems[f].probe(*images[i]), f == i) << f << ' ' << i;
    EXPECT_FALSE(filesystems[f].probe(*make_hole_blob(100'000)));
    EXPECT_FALSE(filesystems[f].probe(*make_hole_blob(10)));
  }
}

/// Random directories and files: enough of them for trees of extents and of hashes.
Tree random_tree(std::uint32_t seed, std::uint32_t block_size) {
  std::mt19937 engine(seed);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  Tree tree;
  std::vector<NodeId> directories = {Tree::kRoot};
  const auto count = random() % 400;
  for (std::uint32_t i = 0; i < count; ++i) {
    const NodeId parent = directories[random() % directories.size()];
    const std::string name = fmt::format("{}{}", std::string(random() % 200, 'n'), i);
    if (random() % 8 == 0) {
      directories.push_back(tree.add(parent, name, directory_node()));
      continue;
    }
    Node node = file_node(random() % (20 * block_size), random() % 1000);
    if (random() % 4 == 0) {
      BlobBuilder builder;
      std::uint64_t at = 0;
      for (std::uint32_t piece = 0, pieces = random() % 60; piece < pieces; ++piece) {
        at += random() % (4 * block_size);
        const BlobPtr part = file_node(1 + random() % (2 * block_size), piece).content;
        builder.add(at, part);
        at += part->size();
      }
      node.content = builder.finish(at + random() % 100'000);
    }
    if (random() % 6 == 0) {
      Xattrs xattrs;
      for (std::uint32_t x = 0, number = 1 + random() % 6; x < number; ++x) {
        xattrs.push_back({fmt::format("user.{:03}", x), std::string(random() % (block_size / 10), 'x')});
      }
      node.xattrs = xattrs_of(std::move(xattrs));
    }
    tree.add(parent, name, std::move(node));
  }
  return tree;
}

TEST(ExtReader, RandomTreesComeBack) {
  for (std::uint32_t round = 0; round < 20; ++round) {
    const auto make = [&] { return random_tree(round, 1024U << (round % 3)); };
    ExtOptions options;
    options.block_size = 1024U << (round % 3);
    const auto generation = static_cast<Generation>(round % 3);
    if (generation != Generation::Ext2 && round % 2 == 0) options.journal_blocks = 0;
    const FormattedVolume formatted = format_tree(make(), options, std::uint64_t{0}, generation);
    const Opened opened = open_image(formatted.image, true);
    EXPECT_THAT(tree_differences(make(), opened.tree()), IsEmpty()) << "round " << round;
  }
}

}  // namespace
}  // namespace fstool::ext4

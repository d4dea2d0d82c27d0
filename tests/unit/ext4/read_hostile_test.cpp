// Images that are damaged, by chance or by intent: the reader refuses them or reads around the damage.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "formatted.h"
#include "opened.h"
#include "packed_image.h"
#include "walk_ext4.h"

namespace fstool::ext4 {
namespace {

std::vector<std::byte> small_image(Generation generation, const char* features) {
  Tree tree;
  Node file = file_node(5000);
  file.xattrs = std::make_shared<const Xattrs>(Xattrs{{"user.long", std::string(400, 'x')}, {"user.short", "1"}});
  tree.add(Tree::kRoot, "file", std::move(file));
  tree.add(Tree::kRoot, "link", symlink_node(std::string(100, 't')));
  const NodeId directory = tree.add(Tree::kRoot, "directory", directory_node());
  for (int i = 0; i < 60; ++i) tree.add(directory, fmt::format("a name of some length {}", i), file_node(i % 2));
  Node sparse = file_node(1);
  BlobBuilder builder;
  for (std::uint64_t i = 0; i < 20; ++i) builder.add(i * 3072, file_node(1024).content);
  sparse.content = builder.finish(100'000);
  tree.add(directory, "sparse", std::move(sparse));
  ExtOptions options;
  options.block_size = 1024;
  options.features = features;
  if (generation != Generation::Ext2) options.journal_blocks = 0;
  return bytes_of_image(*format_tree(std::move(tree), options, std::uint64_t{0}, generation).image);
}

BlobPtr blob_of(const std::vector<std::byte>& bytes) { return make_memory_blob(bytes); }

void put32(std::vector<std::byte>& image, std::size_t offset, std::uint32_t value) {
  const little_uint32_t word(value);
  std::copy_n(reinterpret_cast<const std::byte*>(&word), sizeof(word),
              image.begin() + static_cast<std::ptrdiff_t>(offset));
}

/// The code of the error that opening gives.
ErrorCode error_of(const std::vector<std::byte>& image, std::string* message = nullptr) {
  try {
    open_image(blob_of(image));
  } catch (const Error& error) {
    if (message != nullptr) *message = error.what();
    return error.code();
  }
  ADD_FAILURE() << "the image was opened";
  return ErrorCode::Internal;
}

class ExtReaderDamage : public testing::TestWithParam<std::pair<Generation, const char*>> {};

TEST_P(ExtReaderDamage, NoDamageIsMoreThanAnError) {
  const std::vector<std::byte> image = small_image(GetParam().first, GetParam().second);
  // Damage of what is zero is mostly of no interest.
  std::vector<std::size_t> used;
  for (std::size_t i = 0; i < image.size(); ++i) {
    if (image[i] != std::byte{0}) used.push_back(i);
  }
  std::mt19937 engine(1);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  constexpr std::uint32_t kInteresting[] = {0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF};
  for (int round = 0; round < 1500; ++round) {
    std::vector<std::byte> damaged = image;
    for (std::uint32_t change = 0, changes = 1 + random() % 6; change < changes; ++change) {
      const std::size_t at = used[random() % used.size()];
      if (random() % 2 == 0) {
        damaged[at] = static_cast<std::byte>(random());
      } else {
        put32(damaged, std::min(at / 4 * 4, damaged.size() - 4), kInteresting[random() % std::size(kInteresting)]);
      }
    }
    if (random() % 10 == 0) damaged.resize(random() % damaged.size());
    fuzz::walk_ext4_image(damaged);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, ExtReaderDamage,
                         testing::Values(std::pair(Generation::Ext2, ""), std::pair(Generation::Ext4, ""),
                                         std::pair(Generation::Ext4, "inline_data"),
                                         std::pair(Generation::Ext4, "^metadata_csum")));

TEST(ExtReader, TheFuzzersCorpusIsHarmless) {
  std::size_t images = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FSTOOL_TEST_CORPUS)) {
    SCOPED_TRACE(entry.path().string());
    std::ifstream in(entry.path(), std::ios::binary);
    const std::vector<char> packed{std::istreambuf_iterator<char>(in), {}};
    fuzz::walk_ext4_image(fuzz::unpack_image(std::as_bytes(std::span(packed))));
    ++images;
  }
  EXPECT_GT(images, 100U);
}

TEST(ExtReader, WhatIsNoFileSystemIsRefused) {
  EXPECT_EQ(error_of({}), ErrorCode::Corrupt);
  EXPECT_EQ(error_of(std::vector<std::byte>(100'000)), ErrorCode::Corrupt);
}

TEST(ExtReader, UnknownFeaturesAreRefusedByName) {
  std::vector<std::byte> image = small_image(Generation::Ext2, "");
  put32(image, kSuperblockOffset + offsetof(Superblock, feature_incompat), kIncompatDirData | 0x80000000);
  std::string message;
  EXPECT_EQ(error_of(image, &message), ErrorCode::Unsupported);
  EXPECT_NE(message.find("dirdata, FEATURE_I31"), std::string::npos) << message;
}

TEST(ExtReader, ExternalJournalsAreRefusedByName) {
  std::vector<std::byte> image = small_image(Generation::Ext2, "");
  put32(image, kSuperblockOffset + offsetof(Superblock, feature_incompat), kIncompatJournalDevice);
  std::string message;
  EXPECT_EQ(error_of(image, &message), ErrorCode::Unsupported);
  EXPECT_NE(message.find("external journal"), std::string::npos) << message;
}

TEST(ExtReader, WrongChecksumsAreWarningsUnlessStrict) {
  std::vector<std::byte> image = small_image(Generation::Ext4, "");
  image[kSuperblockOffset + offsetof(Superblock, last_mounted)] = std::byte{1};
  const Opened opened = open_image(blob_of(image));
  ASSERT_EQ(opened.warnings().size(), 1U);
  EXPECT_NE(opened.warnings().front().find("checksum of the superblock"), std::string::npos);
  EXPECT_THROW(open_image(blob_of(image), true), Error);
}

TEST(ExtReader, ABackupStandsInForALostSuperblock) {
  Tree tree;
  tree.add(Tree::kRoot, "file", file_node(100));
  ExtOptions options;
  options.block_size = 1024;
  std::vector<std::byte> image = bytes_of_image(*format_tree(std::move(tree), options, std::uint64_t{20} << 20).image);
  std::fill_n(image.begin(), 8192, std::byte{0});  // with some of the descriptors
  const Opened opened = open_image(blob_of(image));
  EXPECT_EQ(opened.at("/file").content->size(), 100U);
  ASSERT_FALSE(opened.warnings().empty());
  EXPECT_NE(opened.warnings().front().find("its copy in block group 1"), std::string::npos);
}

TEST(ExtReader, ATruncatedImageGivesWhatIsThere) {
  Tree tree;
  tree.add(Tree::kRoot, "large", file_node(2'000'000));
  tree.add(Tree::kRoot, "small", file_node(100));
  ExtOptions options;
  options.journal_blocks = 0;
  std::vector<std::byte> image = bytes_of_image(*format_tree(std::move(tree), options).image);
  image.resize(image.size() - 1'000'000);
  const Opened opened = open_image(blob_of(image));
  ASSERT_EQ(opened.warnings().size(), 1U);
  EXPECT_NE(opened.warnings().front().find("the end is missing"), std::string::npos);
  const Blob& content = *opened.at("/large").content;
  std::vector<std::byte> buffer(content.size());
  try {
    content.read(0, buffer);
    FAIL() << "content was read that is not there";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Corrupt);
    EXPECT_NE(std::string(error.what()).find("inode "), std::string::npos) << error.what();
  }
}

/// A sparse image of a terabyte that claims to be one huge directory.
TEST(ExtReader, AHugeSparseDirectoryCostsNothing) {
  Tree tree;
  const NodeId id = tree.add(Tree::kRoot, "directory", directory_node());
  tree.add(id, "name", file_node(1));
  ExtOptions options;
  options.features = "^metadata_csum,large_dir";
  options.journal_blocks = 0;
  const FormattedVolume formatted = format_tree(std::move(tree), options);
  std::vector<std::byte> image = bytes_of_image(*formatted.image);
  const ImageFile file(*formatted.image);
  // The root is the first directory; the second inode with its mode and size is the one to change.
  const std::string imap = file.debugfs("imap /directory");
  std::uint64_t block = 0;
  std::uint64_t offset = 0;
  const std::size_t at = imap.find("located at block ");
  ASSERT_NE(at, std::string::npos) << imap;
  ASSERT_EQ(std::sscanf(imap.c_str() + at, "located at block %lu, offset 0x%lx", &block, &offset), 2) << imap;
  const std::size_t inode = block * formatted.facts.block_size + offset;
  put32(image, inode + offsetof(Inode, size_lo), 0);
  put32(image, inode + offsetof(Inode, size_hi), 256);  // 2^40 bytes
  const Opened opened = open_image(blob_of(image));
  EXPECT_TRUE(opened.tree().find_path("/directory/name"));
  ASSERT_EQ(opened.warnings().size(), 1U);
  EXPECT_NE(opened.warnings().front().find("/directory: "), std::string::npos) << opened.warnings().front();
}

}  // namespace
}  // namespace fstool::ext4

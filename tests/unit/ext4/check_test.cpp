// What check() says of images, and the bitmap that it counts blocks with.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>

#include "check/bitmap_comparison.h"
#include "check/sparse_bitmap.h"
#include "formatted.h"
#include "opened.h"

namespace fstool::ext4 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// What check() reports, damage and warnings.
std::vector<std::string> findings_of(std::vector<std::byte> image, unsigned threads = 1) {
  std::vector<std::string> findings;
  const Registry registry;
  Context::Settings settings;
  settings.threads = threads;
  settings.damage_listener = [&](std::string_view message) { findings.emplace_back(message); };
  Context context(registry, settings);
  ExtFilesystem(Generation::Ext4, {}).check(make_memory_blob(std::move(image)), context);
  return findings;
}

Tree some_tree() {
  Tree tree;
  Node file = file_node(5000);
  file.xattrs = std::make_shared<const Xattrs>(Xattrs{{"user.long", std::string(400, 'x')}, {"user.short", "1"}});
  tree.add(Tree::kRoot, "file", std::move(file));
  tree.add(Tree::kRoot, "link", symlink_node(std::string(100, 't')));
  tree.add(Tree::kRoot, "short", symlink_node("t"));
  const NodeId directory = tree.add(Tree::kRoot, "directory", directory_node());
  for (int i = 0; i < 200; ++i) tree.add(directory, fmt::format("a name of some length {}", i), file_node(i % 2));
  tree.add(directory, "sub", directory_node());
  Node sparse = file_node(1);
  BlobBuilder builder;
  for (std::uint64_t i = 0; i < 20; ++i) builder.add(i * 3072, file_node(1024).content);
  sparse.content = builder.finish(100'000);
  tree.add(directory, "sparse", std::move(sparse));
  return tree;
}

std::vector<std::byte> image_with(const char* features, Generation generation = Generation::Ext4) {
  ExtOptions options;
  options.block_size = 1024;
  options.features = features;
  return bytes_of_image(*format_tree(some_tree(), options, std::uint64_t{0}, generation).image);
}

TEST(ExtCheck, SaysNothingOfWhatWeWrite) {
  EXPECT_THAT(findings_of(image_with("", Generation::Ext2)), IsEmpty());
  EXPECT_THAT(findings_of(image_with("", Generation::Ext3)), IsEmpty());
  for (const char* features : {"", "inline_data", "^metadata_csum", "^metadata_csum uninit_bg", "^extent ^64bit",
                               "metadata_csum_seed orphan_file", "^has_journal", "^filetype", "^dir_index"}) {
    EXPECT_THAT(findings_of(image_with(features)), IsEmpty()) << features;
  }
}

TEST(ExtCheck, ThreadsDoNotChangeWhatIsSaid) {
  std::vector<std::byte> image = image_with("");
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    std::byte& byte = image[4096 + random() % (image.size() / 2)];
    if (byte != std::byte{0}) byte ^= std::byte{0x40};
  }
  const auto findings = findings_of(image);
  EXPECT_FALSE(findings.empty());
  EXPECT_EQ(findings_of(image, 4), findings);
}

TEST(ExtCheck, AnImageThatIsCutOffIsCheckedAsFarAsItGoes) {
  std::vector<std::byte> image = image_with("");
  image.resize(image.size() - 2048);
  EXPECT_THAT(findings_of(image), testing::Contains(HasSubstr("the end is missing")));
}

TEST(ExtCheck, ALostSuperblockIsReplacedWithItsCopy) {
  ExtOptions options;
  options.block_size = 1024;
  std::vector<std::byte> image =
      bytes_of_image(*format_tree(some_tree(), options, std::uint64_t{20} << 20, Generation::Ext4).image);
  std::fill_n(image.begin() + 1024, 1024, std::byte{0});
  EXPECT_THAT(findings_of(image).front(), HasSubstr("its copy in block group 1 is used instead"));
}

using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

/// The bits that were taken already.
Ranges set(SparseBitmap& bitmap, std::uint64_t first, std::uint64_t count) {
  Ranges taken;
  bitmap.set(first, count, [&](std::uint64_t begin, std::uint64_t length) { taken.emplace_back(begin, length); });
  return taken;
}

TEST(ExtSparseBitmap, TellsWhatWasSetBefore) {
  SparseBitmap bitmap;
  EXPECT_THAT(set(bitmap, 10, 5), IsEmpty());
  EXPECT_THAT(set(bitmap, 0, 64), ElementsAre(std::pair(10, 5)));
  EXPECT_THAT(set(bitmap, 63, 2), ElementsAre(std::pair(63, 1)));
  EXPECT_TRUE(bitmap.any(64, 1));
  EXPECT_FALSE(bitmap.any(65, 100'000));
}

TEST(ExtSparseBitmap, AgreesWithAPlainOne) {
  constexpr std::uint64_t kBits = 20'000;
  SparseBitmap bitmap;
  std::vector<bool> plain(kBits);
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t first = random() % kBits;
    const std::uint64_t count = 1 + random() % std::min<std::uint64_t>(kBits - first, round % 10 == 0 ? 9000 : 200);
    std::uint64_t expected = 0;
    for (std::uint64_t bit = first; bit < first + count; ++bit) {
      expected += plain[bit] ? 1 : 0;
      plain[bit] = true;
    }
    std::uint64_t taken = 0;
    for (const auto& [begin, length] : set(bitmap, first, count)) taken += length;
    EXPECT_EQ(taken, expected);
  }
  std::vector<std::byte> bytes(kBits / 8);
  bitmap.copy(0, bytes);
  for (std::uint64_t bit = 0; bit < kBits; ++bit) {
    ASSERT_EQ((std::to_integer<unsigned>(bytes[bit / 8]) >> (bit % 8) & 1U) != 0, plain[bit]) << bit;
  }
}

TEST(ExtBitmapComparison, SaysWhatDiffersAndWhere) {
  const std::vector<std::byte> recorded = {std::byte{0x0F}, std::byte{0}, std::byte{0xFF}};
  const std::vector<std::byte> actual = {std::byte{0x0F}, std::byte{2}, std::byte{0xFC}};
  const auto number = [](std::uint64_t bit) { return 100 + bit; };
  EXPECT_EQ(compare_bitmaps(recorded, recorded, 24, "blocks", number), "");
  EXPECT_EQ(
      compare_bitmaps(recorded, actual, 24, "blocks", number),
      "2 free blocks are marked as in use, from 116 on; 1 blocks that are in use are marked as free, from 109 on");
  EXPECT_EQ(compare_bitmaps(recorded, actual, 9, "blocks", number), "");
}

}  // namespace
}  // namespace fstool::ext4

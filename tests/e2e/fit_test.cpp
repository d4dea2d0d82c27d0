// An image whose size is not given is just large enough: it never lacks space, and at most 2 % of it or 1 MiB is free.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "harness/image.h"
#include "harness/mount.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

/// Builds and checks an image of `source`: clean, and with no more than the allowed free space.
void expect_tight_image(const std::filesystem::path& image, const std::filesystem::path& source, int block_size) {
  expect_fstool_builds({"create", "-t", "ext4", source.string(), "-o", image.string(), "-O",
                        "block_size=" + std::to_string(block_size)});
  expect_clean_ext4(image);
  const auto fields = ext4_fields(image);
  const std::uint64_t free_bytes = ext4_number(fields, "Free blocks") * ext4_number(fields, "Block size");
  const std::uint64_t size = ext4_number(fields, "Block count") * ext4_number(fields, "Block size");
  EXPECT_EQ(ext4_number(fields, "Block size"), static_cast<std::uint64_t>(block_size));
  EXPECT_EQ(std::filesystem::file_size(image), size);
  EXPECT_LE(free_bytes, std::max(kMiB, size / 50)) << "of " << size << " bytes";
}

std::vector<unsigned> sizes_in_megabytes() {
  if (is_full_run()) return {1, 100, 1000};
  return {1, 100};
}

class FitBySize : public testing::TestWithParam<unsigned> {};

TEST_P(FitBySize, LeavesLittleFree) {
  FSTOOL_E2E_REQUIRE(false, {"e2fsck", "dumpe2fs"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  const std::uint64_t bytes = std::uint64_t{GetParam()} * 1'000'000;
  // Half of it in one file, half in small ones.
  tree.file("large", bytes / 2, Content::Random);
  for (unsigned i = 0; i < GetParam() * 25; ++i) tree.file("small-" + std::to_string(i), 20'000, Content::Text);
  tree.settle_times();
  for (const int block_size : {1024, 4096}) {
    SCOPED_TRACE(block_size);
    expect_tight_image(work / "image.ext4", tree.root(), block_size);
  }
}

INSTANTIATE_TEST_SUITE_P(Megabytes, FitBySize, testing::ValuesIn(sizes_in_megabytes()),
                         testing::PrintToStringParamName());

TEST(Fit, RandomTreesOfEveryBlockSize) {
  FSTOOL_E2E_REQUIRE(false, {"e2fsck", "dumpe2fs"});
  std::mt19937_64 random(20'240'229);
  constexpr unsigned kTrees = 60;
  for (unsigned i = 0; i < kTrees && !HasFailure(); ++i) {
    const int block_size = 1024 << (i % 3);
    SCOPED_TRACE("tree " + std::to_string(i) + ", block size " + std::to_string(block_size));
    const TempDir work;
    const TreeBuilder tree(work / "tree");
    build_random_tree(tree, random, i < 6 ? i : 300);
    expect_tight_image(work / "image.ext4", tree.root(), block_size);
  }
}

TEST(Fit, HeadroomIsFreeForFiles) {
  FSTOOL_E2E_REQUIRE(false, {"e2fsck", "dumpe2fs"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", 10'000'000, Content::Random);
  for (const char* const free : {"50MiB", "30%"}) {
    SCOPED_TRACE(free);
    const std::filesystem::path image = work / "image.ext4";
    expect_fstool_builds(
        {"create", "-t", "ext4", tree.root().string(), "-o", image.string(), "-O", std::string("free=") + free});
    expect_clean_ext4(image);
    const auto fields = ext4_fields(image);
    const std::uint64_t blocks = ext4_number(fields, "Block count");
    const std::uint64_t free_blocks = ext4_number(fields, "Free blocks");
    const std::uint64_t asked = free == std::string("30%") ? blocks * 30 / 100 : 50 * kMiB / 4096;
    EXPECT_GE(free_blocks, asked);
    const std::uint64_t kernel_reserve = std::min<std::uint64_t>(blocks / 50, 4096);
    EXPECT_LE(free_blocks, asked + kernel_reserve + std::max(kMiB / 4096, blocks / 50));
  }
}

TEST(Fit, HeadroomCanBeWrittenTo) {
  FSTOOL_E2E_REQUIRE(true, {"e2fsck"});
  constexpr std::uint64_t kHeadroom = 4 * kMiB;
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", 300'000'000, Content::Text);
  for (const char* const type : {"ext2", "ext3", "ext4"}) {
    SCOPED_TRACE(type);
    const std::filesystem::path image = work / "image";
    expect_fstool_builds({"create", "-t", type, tree.root().string(), "-o", image.string(), "-O", "free=4MiB"});
    {
      const LoopMount mount(image, Access::ReadWrite);
      // Maps of a file are blocks too: those of ext2 and ext3 take one for each 1024.
      const TreeBuilder writer(mount.path());
      writer.file("new", kHeadroom - 16 * 4096, Content::Random);
    }
    expect_clean_ext4(image);
    std::filesystem::remove(image);
  }
}

}  // namespace
}  // namespace fstool::e2e

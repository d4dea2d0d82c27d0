// FAT file systems: fsck.vfat finds every image clean, mtools sees the source in it, and what mkfs.vfat and mtools made
// is read back. What the kernel says is in fat_kernel_test.cpp.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "harness/check.h"
#include "harness/fat.h"
#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

/// mtools takes names in the locale's encoding, and times in the local time zone.
const ProcessOptions kMtools = {.environment = {{"TZ", "UTC"}, {"LC_ALL", "C.UTF-8"}}};

/// Names, kinds, times (of files, to two seconds) and contents.
void expect_equal_trees(const fs::path& expected, const fs::path& actual) {
  const auto list = [](const fs::path& root) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::recursive_directory_iterator(root))
      paths.push_back(entry.path().lexically_relative(root));
    std::ranges::sort(paths);
    return paths;
  };
  ASSERT_EQ(list(expected), list(actual));
  expect_success({"diff", "-r", expected.string(), actual.string()});
  for (const fs::path& path : list(expected)) {
    struct stat a {};
    struct stat b {};
    check(::stat((expected / path).c_str(), &a), "stat");
    check(::stat((actual / path).c_str(), &b), "stat");
    if (S_ISREG(a.st_mode)) {
      EXPECT_EQ(a.st_mtime / 2, b.st_mtime / 2) << path;
    }
  }
}

/// mtools sees the tree in the image.
void expect_holds(const fs::path& image, const fs::path& tree) {
  const TempDir copy;
  for (const auto& entry : fs::directory_iterator(tree)) {
    expect_success({"mcopy", "-s", "-m", "-n", "-i", image.string(), "::" + entry.path().filename().string(),
                    copy.path().string()},
                   kMtools);
  }
  expect_equal_trees(tree, copy.path());
}

class Fat : public testing::Test {
 protected:
  void SetUp() override { FSTOOL_E2E_REQUIRE(false, {"fsck.vfat", "mkfs.vfat", "mcopy", "mmd", "diff"}); }

  const TempDir work_;
  const TreeBuilder tree_ = TreeBuilder(work_ / "tree");
  const fs::path image_ = work_ / "image.fat";
};

TEST_F(Fat, OfEverySizeHoldsTheSource) {
  build_boot_tree(tree_);
  for (const std::string size : kFatSizes) {
    for (const char* const sector : {"512", "4096"}) {
      SCOPED_TRACE(size + " with sectors of " + sector);
      fs::remove(image_);
      build_fat(tree_.root(), image_, size, std::string("volume_label = \"BOOT\"\nsector_size = ") + sector);
      expect_clean_fat(image_);
      expect_holds(image_, tree_.root());
      struct stat status {};
      check(::stat(image_.c_str(), &status), "stat");
      EXPECT_LE(status.st_blocks * 512, 1'000'000) << "empty space is stored";
    }
  }
}

TEST_F(Fat, ADirectoryOfTwentyThousandLongNames) {
  build_many_names(tree_);
  expect_fstool_builds({"create", "-t", "fat", tree_.root().string(), "-o", image_.string()}, kManyNames + 2);
  expect_clean_fat(image_);
  const std::string listing = expect_success({"mdir", "-b", "-i", image_.string(), "::/many"}, kMtools);
  EXPECT_EQ(std::ranges::count(listing, '\n'), kManyNames);
  EXPECT_NE(listing.find(many_names_name(kManyNames - 1) + "\n"), std::string::npos);
}

TEST_F(Fat, OnADiskIsFoundByFirmwareAndReadBack) {
  build_boot_tree(tree_);
  for (const char* const table : {"gpt", "mbr"}) {
    SCOPED_TRACE(table);
    const fs::path disk = work_ / (std::string(table) + ".img");
    write_text(work_ / "spec.toml", std::string("[image]\npartition_table = \"") + table +
                                        "\"\n[[partitions]]\ntype = \"esp\"\nsize = \"40MiB\"\n"
                                        "[partitions.filesystem]\ntype = \"fat\"\nsource = \"tree\"\n"
                                        "[partitions.filesystem.options]\nvolume_label = \"ESP\"\nfat_bits = \"32\"\n");
    expect_fstool_builds({"run", (work_ / "spec.toml").string(), "-o", disk.string()});
    const std::vector<Extent> partitions = partitions_of(disk);
    ASSERT_EQ(partitions.size(), 1U);
    // The boot sector knows where its partition begins.
    std::ifstream in(disk, std::ios::binary);
    std::vector<char> sector(512);
    in.seekg(static_cast<std::streamoff>(partitions[0].offset));
    in.read(sector.data(), 512);
    EXPECT_EQ(static_cast<unsigned char>(sector[0x1C]) | static_cast<unsigned char>(sector[0x1D]) << 8,
              static_cast<int>(partitions[0].offset / 512));
    expect_success({"dd", "status=none", "bs=1M", "if=" + disk.string(), "of=" + image_.string(),
                    "skip=" + std::to_string(partitions[0].offset), "count=" + std::to_string(partitions[0].size),
                    "iflag=skip_bytes,count_bytes"});
    expect_clean_fat(image_);
    expect_holds(image_, tree_.root());

    const fs::path again = work_ / "again.fat";
    for (const char* const part : {":1", ":ESP"}) {
      fs::remove(again);
      expect_fstool_builds({"create", "-t", "fat", disk.string() + part, "-o", again.string()});
      expect_clean_fat(again);
      expect_holds(again, tree_.root());
    }
  }
}

TEST_F(Fat, ImagesOfMkfsVfatAndMtoolsAreReadBack) {
  build_boot_tree(tree_);
  struct Made {
    const char* kib;
    std::vector<std::string> options;
  };
  const std::vector<Made> images = {{"360", {}},
                                    {"1440", {}},
                                    {"8192", {}},
                                    {"16384", {}},
                                    {"65536", {"-S", "4096"}},
                                    {"65536", {"-F", "32"}},
                                    {"65536", {"--mbr=y"}},
                                    {"524288", {}},
                                    {"40000000", {}}};
  for (const Made& made : images) {
    SCOPED_TRACE(made.kib);
    fs::remove(image_);
    Command mkfs = {"mkfs.vfat", "-n", "OLD"};
    mkfs.insert(mkfs.end(), made.options.begin(), made.options.end());
    mkfs.insert(mkfs.end(), {"-C", image_.string(), made.kib});
    expect_success(mkfs);
    Command copy = {"mcopy", "-s", "-m", "-i", image_.string()};
    for (const auto& entry : fs::directory_iterator(tree_.root())) copy.push_back(entry.path().string());
    copy.emplace_back("::");
    expect_success(copy, kMtools);
    const fs::path again = work_ / "again.fat";
    fs::remove(again);
    expect_fstool_builds({"create", "-t", "fat", image_.string(), "-o", again.string(), "--strict"});
    expect_clean_fat(again);
    expect_holds(again, tree_.root());
  }
}

TEST_F(Fat, GivesTheSameBytesFromACopy) {
  build_boot_tree(tree_);
  expect_success({"cp", "-a", tree_.root().string(), (work_ / "copy").string()});
  const auto build = [&](const std::string& source, const std::string& output) {
    expect_fstool_builds({"create", "-t", "fat", (work_ / source).string(), "-o", (work_ / output).string()});
    return sha256(work_ / output);
  };
  const std::string first = build("tree", "1.fat");
  EXPECT_EQ(build("copy", "2.fat"), first);
  EXPECT_EQ(build("tree", "3.fat"), first);
}

TEST_F(Fat, WhatItCantHoldIsRefusedOrLeftOut) {
  tree_.file("file", "x");
  tree_.symlink("link", "file");
  const ProcessResult refused = run_fstool({"create", "-t", "fat", tree_.root().string(), "-o", image_.string()});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("/link: FAT has no symbolic links"), std::string::npos) << refused.err;
  EXPECT_FALSE(fs::exists(image_));
  write_text(work_ / "spec.toml",
             "[filesystem]\ntype = \"fat\"\nsource = \"tree\"\n[filesystem.options]\non_unsupported = \"skip\"\n");
  const ProcessResult skipped = run_fstool({"run", (work_ / "spec.toml").string(), "-o", image_.string()});
  EXPECT_EQ(skipped.exit_code, 0) << skipped.output();
  EXPECT_NE(skipped.err.find("warning: /link is left out"), std::string::npos) << skipped.err;
  fs::remove(tree_.root() / "link");
  expect_holds(image_, tree_.root());
}

}  // namespace
}  // namespace fstool::e2e

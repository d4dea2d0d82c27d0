// Images that mke2fs and the kernel made, read and written anew: mounted, the copy shows what the original does.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <ostream>
#include <random>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"
#include "harness/tree_comparison.h"

namespace fstool::e2e {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

/// How mke2fs is to make an image.
struct FeatureSet {
  const char* name;
  Command arguments;
  bool large_xattrs = false;  ///< ea_inode: populate() uses it
  const char* mount_options = "";
};

void PrintTo(const FeatureSet& set, std::ostream* out) { *out << set.name; }

void make_image(const std::filesystem::path& image, const Command& arguments, std::uint64_t bytes) {
  write_text(image, "");
  std::filesystem::resize_file(image, bytes);
  Command command = {"mke2fs", "-q", "-F"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  command.push_back(image.string());
  expect_success(command);
}

/// Something of everything that ext2 can hold.
void populate(const TreeBuilder& tree, bool large_xattrs) {
  tree.directory("files");
  for (const unsigned size : {0U, 1U, 59U, 60U, 61U, 100U, 160U, 1023U, 1024U, 4095U, 4096U, 4097U, 70'000U}) {
    tree.file("files/" + std::to_string(size), size, Content::Text);
  }
  tree.file("files/large", 2'000'000, Content::Random);
  for (const std::uint64_t offset : {0ULL, 8192ULL, 20'480ULL, 1'048'576ULL, 40'000'000ULL, 5'000'000'000ULL}) {
    tree.write_at("files/sparse", offset, 3000, Content::Random);
  }
  for (std::uint64_t i = 0; i < 500; ++i) tree.write_at("files/fragmented", i * 8192, 100, Content::Text);
  tree.truncate("files/hole", 123'456'789);
  tree.directory("links");
  for (const std::size_t length : {1U, 58U, 59U, 60U, 61U, 100U, 150U, 500U, 1000U}) {
    tree.symlink("links/" + std::to_string(length), std::string(length, 't'));
  }
  tree.hard_link("links/hard", "files/4097");
  tree.directory("special");
  tree.special("special/null", S_IFCHR | 0666, makedev(1, 3));
  tree.special("special/large", S_IFBLK | 0660, makedev(511, 0xABCDE));
  tree.special("special/fifo", S_IFIFO | 0600);
  tree.special("special/socket", S_IFSOCK | 0600);
  tree.owner("special/null", 70'000, 4'000'000'000U);
  tree.directory("many");
  for (unsigned i = 0; i < 1500; ++i) tree.file("many/" + std::string(i % 90, 'n') + std::to_string(i), "");
  for (unsigned i = 0; i < 1500; i += 7) {
    std::filesystem::remove(tree.root() / "many" / (std::string(i % 90, 'n') + std::to_string(i)));
  }
  tree.directory("small");
  tree.directory("small/directory");
  tree.file("small/directory/" + std::string(40, 'c'), std::string(100, 'd'));
  tree.file("small/" + std::string(255, 'z'), "longest name");
  tree.file("small/\xFF\n odd", "name");
  std::string deep = "deep";
  for (unsigned i = 0; i < 30; ++i, deep += "/d") tree.directory(deep);
  tree.directory("xattrs");
  for (const char* name : {"xattrs/a", "xattrs/b", "xattrs/c"}) {
    tree.file(name, "data");
    tree.xattr(name, "user.one", "1");
    tree.xattr(name, "trusted.empty", "");
    tree.xattr(name, "security.capability", capability_xattr());
    tree.xattr(name, "system.posix_acl_access", acl_for_user(70'000));
  }
  tree.xattr("xattrs/c", "user.large", std::string(500, 'L'));
  tree.xattr("xattrs", "system.posix_acl_default", acl_for_user(1000));
  tree.xattr("special/fifo", "trusted.fifo", "value");
  if (large_xattrs) {
    tree.xattr("xattrs/b", "user.huge", std::string(50'000, 'h'));
    tree.xattr("xattrs/c", "user.huge", std::string(50'000, 'h'));
  }
  tree.mode("files/1", 06755);
  tree.settle_times();
}

/// Builds a new image from `image` and compares what is in them, mounted.
void expect_copy_equals(const std::filesystem::path& image, const std::filesystem::path& reference,
                        const std::filesystem::path& work) {
  const std::filesystem::path copy = work / "copy.ext4";
  expect_fstool_builds({"create", "-t", "ext4", image.string(), "-o", copy.string()}, 3000);
  expect_clean_ext4(copy);
  const LoopMount expected(reference, Access::ReadOnly);
  const LoopMount actual(copy, Access::ReadOnly);
  for (const std::string& difference : tree_differences(expected.path(), actual.path())) ADD_FAILURE() << difference;
}

class Reading : public testing::TestWithParam<FeatureSet> {
 protected:
  void SetUp() override { FSTOOL_E2E_REQUIRE(true, {"mke2fs", "e2fsck"}); }

  const TempDir work_;
};

TEST_P(Reading, TheCopyOfAnImageEqualsIt) {
  const std::filesystem::path image = work_ / "image";
  make_image(image, GetParam().arguments, 128 * kMiB);
  {
    const LoopMount mounted(image, Access::ReadWrite);
    populate(TreeBuilder(mounted.path()), GetParam().large_xattrs);
  }
  expect_copy_equals(image, image, work_.path());
}

INSTANTIATE_TEST_SUITE_P(
    FeatureSets, Reading,
    testing::Values(
        FeatureSet{"ext2", {"-t", "ext2"}}, FeatureSet{"ext2_1k", {"-t", "ext2", "-b", "1024"}},
        FeatureSet{"revision0", {"-t", "ext2", "-r", "0", "-O", "none"}}, FeatureSet{"ext3", {"-t", "ext3"}},
        FeatureSet{"ext3_1k_inode128", {"-t", "ext3", "-b", "1024", "-I", "128"}}, FeatureSet{"ext4", {"-t", "ext4"}},
        FeatureSet{"ext4_1k", {"-t", "ext4", "-b", "1024"}}, FeatureSet{"ext4_2k", {"-t", "ext4", "-b", "2048"}},
        FeatureSet{"bigalloc", {"-t", "ext4", "-O", "bigalloc", "-C", "16384"}},
        FeatureSet{"bigalloc_1k", {"-t", "ext4", "-b", "1024", "-O", "bigalloc", "-C", "8192"}},
        FeatureSet{"inline_data", {"-t", "ext4", "-O", "inline_data"}},
        FeatureSet{"inline_data_inode1024", {"-t", "ext4", "-O", "inline_data", "-I", "1024"}},
        FeatureSet{"meta_bg", {"-t", "ext4", "-O", "meta_bg,^resize_inode", "-b", "1024"}},
        FeatureSet{"meta_bg_32bit",
                   {"-t", "ext4", "-O", "meta_bg,^resize_inode,^64bit", "-b", "1024", "-g", "256", "-N", "5000"}},
        FeatureSet{"no_extents", {"-t", "ext4", "-O", "^extent,^64bit"}},
        FeatureSet{"no_filetype", {"-t", "ext4", "-O", "^filetype"}},
        FeatureSet{"ea_inode", {"-t", "ext4", "-O", "ea_inode"}, true},
        FeatureSet{"ea_inode_inline_data", {"-t", "ext4", "-O", "ea_inode,inline_data"}, true},
        FeatureSet{"inode128", {"-t", "ext4", "-I", "128"}},
        FeatureSet{"sparse_super2", {"-t", "ext4", "-O", "sparse_super2"}},
        FeatureSet{"uninit_bg", {"-t", "ext4", "-O", "^metadata_csum,uninit_bg"}},
        FeatureSet{"no_checksums", {"-t", "ext4", "-O", "^metadata_csum,^uninit_bg"}},
        FeatureSet{"no_64bit", {"-t", "ext4", "-O", "^64bit"}},
        FeatureSet{"metadata_csum_seed", {"-t", "ext4", "-O", "metadata_csum_seed"}},
        FeatureSet{"orphan_file", {"-t", "ext4", "-O", "orphan_file"}},
        FeatureSet{"large_dir", {"-t", "ext4", "-O", "large_dir"}},
        FeatureSet{"encrypt", {"-t", "ext4", "-O", "encrypt"}}, FeatureSet{"verity", {"-t", "ext4", "-O", "verity"}},
        FeatureSet{"flex_bg_64", {"-t", "ext4", "-G", "64"}},
        FeatureSet{"no_flex_bg", {"-t", "ext4", "-O", "^flex_bg", "-b", "1024"}},
        FeatureSet{"inode1024", {"-t", "ext4", "-I", "1024"}},
        FeatureSet{"no_resize_inode", {"-t", "ext4", "-O", "^resize_inode"}},
        FeatureSet{"no_sparse_super", {"-t", "ext4", "-O", "^sparse_super,^resize_inode", "-b", "1024"}},
        FeatureSet{"no_journal", {"-t", "ext4", "-O", "^has_journal"}}, FeatureSet{"mmp", {"-t", "ext4", "-O", "mmp"}},
        FeatureSet{"no_dir_index", {"-t", "ext4", "-O", "^dir_index"}}),
    [](const auto& test) { return std::string(test.param.name); });

/// Blocks that are larger than the host's pages can't be mounted; the tree that mke2fs copied is known, though.
TEST_F(Reading, BlocksOf64KiB) {
  const TreeBuilder tree(work_ / "tree");
  tree.file("large", 3'000'000, Content::Random);
  tree.directory("many");
  for (unsigned i = 0; i < 1000; ++i) tree.file("many/" + std::string(200, 'n') + std::to_string(i), "x");
  tree.symlink("link", "target");
  tree.xattr("large", "user.comment", std::string(1000, 'c'));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tree.root())) {
    tree.time(std::filesystem::relative(entry.path(), tree.root()), 1'700'000'000, 0);
  }
  const std::filesystem::path image = work_ / "image";
  make_image(image, {"-t", "ext4", "-b", "65536", "-d", tree.root().string()}, 256 * kMiB);
  // mke2fs does not copy the root's time.
  expect_success({"debugfs", "-w", "-R", "set_inode_field / mtime @1700000000", image.string()});
  tree.time(".", 1'700'000'000, 0);
  const std::filesystem::path copy = work_ / "copy.ext4";
  expect_fstool_builds({"create", "-t", "ext4", image.string(), "-o", copy.string()});
  const LoopMount actual(copy, Access::ReadOnly);
  for (const std::string& difference : tree_differences(tree.root(), actual.path())) ADD_FAILURE() << difference;
}

/// File systems whose power was cut: the journal is replayed as the kernel does it, and the image is not changed.
class ReadingAfterPowerCut : public testing::TestWithParam<FeatureSet> {
 protected:
  void SetUp() override { FSTOOL_E2E_REQUIRE(true, {"mke2fs", "cp", "sha256sum"}); }

  const TempDir work_;
};

/// Creates, deletes, renames and syncs at random. Many blocks begin with the magic number of the journal, which has to
/// escape them if it holds data.
void work_on(const std::filesystem::path& root, std::uint32_t seed) {
  std::mt19937 random(seed);
  const TreeBuilder tree(root);
  std::vector<std::string> names;
  for (unsigned i = 0; i < 1500; ++i) {
    const auto choice = random() % 10;
    if (choice < 6 || names.empty()) {
      const std::string directory = "d" + std::to_string(random() % 20);
      if (!std::filesystem::exists(root / directory)) tree.directory(directory);
      names.push_back(directory + "/f" + std::to_string(i));
      std::string content;
      for (auto blocks = random() % 4; blocks > 0; --blocks) content += "\xC0\x3B\x39\x98" + std::string(1020, 'x');
      tree.file(names.back(), content);
    } else if (choice == 6) {
      tree.xattr(names[random() % names.size()], "user.x", std::string(random() % 400, 'v'));
    } else {
      const std::size_t index = random() % names.size();
      if (choice == 7) {
        std::filesystem::rename(root / names[index], root / (names[index] + "r"));
        names[index] += "r";
      } else {
        std::filesystem::remove(root / names[index]);
        names.erase(names.begin() + static_cast<std::ptrdiff_t>(index));
      }
    }
    if (i % 300 == 299) expect_success({"sync", "-f", root.string()});
  }
  expect_success({"sync", (root / names.front()).string()});
}

TEST_P(ReadingAfterPowerCut, TheCopyEqualsWhatTheKernelRecovers) {
  const std::filesystem::path image = work_ / "image";
  const std::filesystem::path cut = work_ / "cut";
  const std::filesystem::path recovered = work_ / "recovered";
  make_image(image, GetParam().arguments, 64 * kMiB);
  {
    const LoopDevice device(image, {.access = Access::ReadWrite});
    const Mount mounted(device.path(), "ext4", Access::ReadWrite, GetParam().mount_options);
    work_on(mounted.path(), 1);
    // What the loop device has written so far is what a disk would have.
    std::filesystem::copy_file(image, cut);
  }
  std::filesystem::copy_file(cut, recovered);
  { const LoopMount mounted(recovered, Access::ReadWrite); }
  const std::string before = sha256(cut);
  expect_copy_equals(cut, recovered, work_.path());
  EXPECT_EQ(sha256(cut), before);
}

INSTANTIATE_TEST_SUITE_P(
    Journals, ReadingAfterPowerCut,
    testing::Values(FeatureSet{"ext4", {"-t", "ext4"}},
                    FeatureSet{"ext4_data", {"-t", "ext4", "-b", "1024"}, false, "data=journal"},
                    FeatureSet{"ext3", {"-t", "ext3"}},
                    FeatureSet{"ext3_data", {"-t", "ext3", "-b", "1024"}, false, "data=journal"},
                    FeatureSet{"wrapped", {"-t", "ext4", "-b", "1024", "-J", "size=1"}, false, "data=journal"},
                    FeatureSet{"no_checksums", {"-t", "ext4", "-O", "^metadata_csum"}},
                    FeatureSet{"orphan_file", {"-t", "ext4", "-O", "orphan_file"}}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace fstool::e2e

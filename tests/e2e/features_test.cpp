// A default image has what `mke2fs -t ext4` gives a file system of the same size.

#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <sstream>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

/// The defaults that e2fsprogs ships, in place of what a distribution made of them.
constexpr const char* kMke2fsDefaults = R"([defaults]
base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
default_mntopts = acl,user_xattr
enable_periodic_fsck = 0
blocksize = 4096
inode_size = 256
inode_ratio = 16384
[fs_types]
ext4 = {
  features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
}
)";

std::set<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

class Features : public testing::TestWithParam<const char*> {};

TEST_P(Features, AreThoseOfMke2fs) {
  FSTOOL_E2E_REQUIRE(false, {"mke2fs", "dumpe2fs"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", 100'000, Content::Text);
  write_text(work / "mke2fs.conf", kMke2fsDefaults);
  expect_success({"mke2fs", "-q", "-t", "ext4", "-d", tree.root().string(), (work / "theirs").string(), GetParam()},
                 {.environment = {{"MKE2FS_CONFIG", (work / "mke2fs.conf").string()}}});
  const std::string bytes = std::to_string(std::filesystem::file_size(work / "theirs"));
  expect_fstool_builds({"create", "-t", "ext4", tree.root().string(), "-o", (work / "ours").string(), "--size", bytes});

  auto ours = ext4_fields(work / "ours");
  auto theirs = ext4_fields(work / "theirs");
  EXPECT_EQ(words(ours["Filesystem features"]), words(theirs["Filesystem features"]));
  for (const char* const field : {"Filesystem state",
                                  "Errors behavior",
                                  "Filesystem OS type",
                                  "Inode count",
                                  "Block count",
                                  "Reserved block count",
                                  "First block",
                                  "Block size",
                                  "Group descriptor size",
                                  "Reserved GDT blocks",
                                  "Blocks per group",
                                  "Inodes per group",
                                  "Inode blocks per group",
                                  "Flex block group size",
                                  "Maximum mount count",
                                  "Check interval",
                                  "First inode",
                                  "Inode size",
                                  "Required extra isize",
                                  "Desired extra isize",
                                  "Journal inode",
                                  "Default mount options",
                                  "Default directory hash",
                                  "Checksum type",
                                  "Journal features",
                                  "Total journal blocks",
                                  "Filesystem revision #"}) {
    EXPECT_EQ(ours[field], theirs[field]) << field;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Features, testing::Values("64M", "1G", "20G"),
                         [](const testing::TestParamInfo<const char*>& param) { return std::string(param.param); });

TEST(FittedFeatures, OfAnImageThatFitsAreTheSame) {
  FSTOOL_E2E_REQUIRE(false, {"dumpe2fs"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  for (unsigned i = 0; i < 100; ++i) tree.file(std::to_string(i), 400'000, Content::Text);
  expect_fstool_builds({"create", "-t", "ext4", tree.root().string(), "-o", (work / "image").string()});
  EXPECT_EQ(words(ext4_fields(work / "image")["Filesystem features"]),
            words("has_journal ext_attr resize_inode dir_index filetype extent 64bit flex_bg sparse_super large_file "
                  "huge_file dir_nlink extra_isize metadata_csum"));
}

}  // namespace
}  // namespace fstool::e2e

// ext2, ext3 and ext4 with all that their options can change: e2fsck finds every image clean, the kernel sees the
// source in it, and what is written into the mounted file system is there after the next mount.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstdlib>
#include <optional>

#include "harness/image.h"
#include "harness/mount.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

/// Builds an image of `source`, which everybody has to like, and writes into it.
void expect_good_and_writable(const std::string& type, const std::string& options, const TreeBuilder& source) {
  const TempDir work;
  const std::filesystem::path image = work / "image";
  expect_fstool_builds(
      {"create", "-t", type, source.root().string(), "-o", image.string(), "-O", "free=8MiB," + options},
      count_nodes(source.root()));
  expect_clean_ext4(image);
  expect_mounted_equals(image, source.root());
  constexpr std::string_view kText = "written later\n";
  {
    const LoopMount mounted(image, Access::ReadWrite);
    const TreeBuilder inside(mounted.path());
    inside.directory("a new directory");
    inside.file("a new directory/file", kText);
    inside.file("a new directory/large", 3'000'000, Content::Random);
  }
  {
    const LoopMount mounted(image, Access::ReadOnly);
    EXPECT_EQ(read_text(mounted.path() / "a new directory/file"), kText);
    EXPECT_EQ(std::filesystem::file_size(mounted.path() / "a new directory/large"), 3'000'000U);
  }
  expect_clean_ext4(image);
}

/// Sources lie in memory, where a hundred thousand files are made in no time.
class SourceInMemory {
 public:
  SourceInMemory() : memory_("none", "tmpfs", Access::ReadWrite, "size=2g,nr_inodes=0") {}

  TreeBuilder tree(const std::string& name) const { return TreeBuilder(memory_.path() / name); }

 private:
  Mount memory_;
};

void build_tiny(const TreeBuilder& tree) {
  tree.directory("directory");
  tree.file("directory/file", "content\n");
  tree.hard_link("another name", "directory/file");
  tree.symlink("short link", "directory/file");
  tree.symlink("long link", std::string(200, 'l'));
  tree.special("device", S_IFCHR, makedev(4, 300));
  tree.special("fifo", S_IFIFO);
  tree.file("attributes", "x");
  for (unsigned i = 0; i < 5; ++i) tree.xattr("attributes", "user.name-" + std::to_string(i), std::string(50, 'v'));
  tree.owner("attributes", 70'000, 80'000);
  tree.mode("attributes", 04750);
}

void build_many(const TreeBuilder& tree) {
  tree.directory("many");
  const unsigned count = is_full_run() ? 100'000 : 20'000;
  for (unsigned i = 0; i < count; ++i) tree.file("many/file number " + std::to_string(i), i % 100 == 0 ? "x" : "");
}

void build_deep(const TreeBuilder& tree) {
  std::string path = "deep";
  tree.directory(path);
  for (unsigned level = 0; level < 120; ++level) {
    path += "/level-" + std::to_string(level);
    tree.directory(path);
    tree.file(path + "/file", level * 1000, Content::Text);
  }
}

void build_sparse(const TreeBuilder& tree) {
  constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
  tree.truncate("5 GiB", 5 * kGiB);
  tree.write_at("5 GiB", 3'000'000, 10'000, Content::Text);
  tree.write_at("5 GiB", 4 * kGiB + 12'345, 100, Content::Text);
  tree.write_at("5 GiB", 5 * kGiB - 1, 1, Content::Text);
  for (std::uint64_t i = 0; i < 2000; ++i) tree.write_at("fragments", 8192 * i, 4096, Content::Text);
  tree.file("large", 30'000'000, Content::Random);
}

struct Shape {
  std::string type;
  int block_size;
  int inode_size;
  bool journal;
};

std::string name_of(const testing::TestParamInfo<Shape>& info) {
  const Shape& shape = info.param;
  return shape.type + "_block" + std::to_string(shape.block_size) + "_inode" + std::to_string(shape.inode_size) +
         (shape.journal ? "_journal" : "_nojournal");
}

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const char* type : {"ext2", "ext3", "ext4"}) {
    for (const int block_size : {1024, 2048, 4096}) {
      for (const int inode_size : {128, 256}) {
        for (const bool journal : {false, true}) all.push_back({type, block_size, inode_size, journal});
      }
    }
  }
  return all;
}

class Generations : public testing::TestWithParam<Shape> {};

TEST_P(Generations, HoldEveryKindOfTree) {
  FSTOOL_E2E_REQUIRE(true, {"e2fsck"});
  const Shape& shape = GetParam();
  const std::string options = "block_size=" + std::to_string(shape.block_size) +
                              ",inode_size=" + std::to_string(shape.inode_size) +
                              (shape.journal ? ",features=has_journal" : ",features=^has_journal");
  const SourceInMemory memory;
  std::vector<std::pair<const char*, void (*)(const TreeBuilder&)>> kinds = {
      {"tiny", build_tiny}, {"many", build_many}, {"deep", build_deep}, {"sparse", build_sparse}};
  if (is_full_run()) kinds.emplace_back("system", build_system_tree);
  for (const auto& [name, build] : kinds) {
    SCOPED_TRACE(name);
    const TreeBuilder tree = memory.tree(name);
    build(tree);
    // Inodes of 128 bytes hold whole seconds.
    tree.settle_times(shape.inode_size > 128 ? Precision::Nanoseconds : Precision::Seconds);
    // Some attributes of that tree fit into small blocks only with this.
    const bool large_values = std::string_view(name) == "system";
    expect_good_and_writable(shape.type, options + (large_values ? " ea_inode" : ""), tree);
  }
}

INSTANTIATE_TEST_SUITE_P(Ext, Generations, testing::ValuesIn(shapes()), name_of);

class Options : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Options, GiveAnImageThatIsGoodAndWritable) {
  FSTOOL_E2E_REQUIRE(true, {"e2fsck"});
  const auto& [name, options] = GetParam();
  const SourceInMemory memory;
  const TreeBuilder tree = memory.tree("tree");
  build_tiny(tree);
  for (unsigned i = 0; i < 3000; ++i) tree.file("small file " + std::to_string(i), i % 300, Content::Text);
  build_sparse(tree);
  tree.settle_times();
  expect_good_and_writable("ext4", options, tree);
}

constexpr std::pair<const char*, const char*> kOptions[] = {
    {"meta_bg", "features=meta_bg ^resize_inode,blocks_per_group=1024"},
    {"inline_data", "inline_data=true"},
    {"inline_data_in_large_inodes", "features=inline_data,inode_size=1024"},
    {"orphan_file", "features=orphan_file"},
    {"sparse_super2", "sparse_super2=true,blocks_per_group=2048"},
    {"all_backups", "features=^sparse_super ^resize_inode,blocks_per_group=2048"},
    {"uninit_bg", "features=^metadata_csum uninit_bg"},
    {"no_checksums", "features=^metadata_csum"},
    {"metadata_csum_seed", "features=metadata_csum_seed"},
    {"no_flex_bg", "features=^flex_bg"},
    {"flex_bg_size", "flex_bg_size=64"},
    {"no_64bit", "features=^64bit"},
    {"indirect_with_checksums", "features=^extent ^64bit"},
    {"large_dir", "features=large_dir,block_size=1024"},
    {"no_dir_index", "features=^dir_index"},
    {"no_filetype", "features=^filetype"},
    {"legacy_hash", "hash_algorithm=legacy"},
    {"tea_hash", "hash_algorithm=tea"},
    {"zeros_as_holes", "sparse=true"},
    {"small_groups", "blocks_per_group=512,features=^resize_inode"},
    {"no_resize_inode", "features=^resize_inode"},
    {"flags_without_users", "features=stable_inodes ea_inode"},
};

INSTANTIATE_TEST_SUITE_P(Ext4, Options, testing::ValuesIn(kOptions),
                         [](const auto& test) { return std::string(test.param.first); });

/// What is right only because something else asks for it in a larger tree.
TEST(SmallTrees, AreGoodAndWritable) {
  FSTOOL_E2E_REQUIRE(true, {"e2fsck"});
  const SourceInMemory memory;
  const TreeBuilder tree = memory.tree("tree");
  for (const char* const name : {"bin", "etc", "usr"}) tree.directory(name);
  tree.file("etc/hostname", "small\n");
  tree.settle_times(Precision::Seconds);
  for (const auto& [type, options] :
       {std::pair("ext4", "inline_data=true"), std::pair("ext4", "inline_data=true,inode_size=512"),
        std::pair("ext4", "inline_data=true,block_size=1024,lost_found=false"),
        std::pair("ext3", "features=inline_data"),
        std::pair("ext2", "features=^large_file"),  // the resize inode is a large file
        std::pair("ext3", "features=^large_file"), std::pair("ext4", "features=^large_file")}) {
    SCOPED_TRACE(type + std::string(": ") + options);
    expect_good_and_writable(type, options, tree);
  }
}

TEST(BlocksOf64KiB, HoldATreeThatDebugfsReads) {
  FSTOOL_E2E_REQUIRE(true, {"e2fsck", "debugfs"});
  const SourceInMemory memory;
  const TreeBuilder tree = memory.tree("tree");
  tree.directory("directory");
  for (unsigned i = 0; i < 5000; ++i) tree.file("directory/file " + std::to_string(i), i * 20, Content::Text);
  tree.file("large", 20'000'000, Content::Random);
  tree.symlink("link", std::string(3000, 'l'));
  const TempDir work;
  for (const char* type : {"ext2", "ext3", "ext4"}) {
    SCOPED_TRACE(type);
    const std::filesystem::path image = work / type;
    expect_fstool_builds({"create", "-t", type, tree.root().string(), "-o", image.string(), "-O", "block_size=65536"});
    expect_clean_ext4(image);
    const std::filesystem::path dump = work / (std::string("dump-") + type);
    std::filesystem::create_directory(dump);
    expect_success({"debugfs", "-R", "rdump / " + dump.string(), image.string()});
    expect_success({"diff", "-r", "--no-dereference", "--exclude=lost+found", tree.root().string(), dump.string()});
  }
}

TEST(SuperblockOptions, AreWhatDumpe2fsShows) {
  FSTOOL_E2E_REQUIRE(false, {"dumpe2fs"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", "x");
  const std::filesystem::path image = work / "image";
  expect_fstool_builds(
      {"create", "-t", "ext4", tree.root().string(), "-o", image.string(), "-O",
       "volume_label=LABEL,uuid=6a2c5b2c-6f3c-4c5e-9e8a-0123456789ab,hash_seed=0f0e0d0c-0b0a-0908-0706-050403020100,"
       "last_mounted=/mnt/somewhere,errors=remount-ro,default_mount_options=acl discard,stride=16,stripe_width=64,"
       "reserved_uid=7,reserved_gid=8,reserved_percent=1,inode_count=5000,inode_size=512,flex_bg_size=8,"
       "journal_size=8MiB,hash_algorithm=tea,free=20MiB"});
  const auto fields = ext4_fields(image);
  const std::pair<const char*, const char*> expected[] = {
      {"Filesystem volume name", "LABEL"},
      {"Filesystem UUID", "6a2c5b2c-6f3c-4c5e-9e8a-0123456789ab"},
      {"Directory Hash Seed", "0f0e0d0c-0b0a-0908-0706-050403020100"},
      {"Default directory hash", "tea"},
      {"Last mounted on", "/mnt/somewhere"},
      {"Errors behavior", "Remount read-only"},
      {"Default mount options", "acl discard"},
      {"RAID stride", "16"},
      {"RAID stripe width", "64"},
      {"Reserved blocks uid", "7 (user lp)"},
      {"Reserved blocks gid", "8 (group mail)"},
      {"Flex block group size", "8"},
      {"Total journal size", "8M"},
  };
  for (const auto& [field, value] : expected) {
    ASSERT_TRUE(fields.contains(field)) << field;
    EXPECT_EQ(fields.at(field), value) << field;
  }
  EXPECT_EQ(ext4_number(fields, "Inode size"), 512U);
  EXPECT_GE(ext4_number(fields, "Inode count"), 5000U);
}

TEST(RootOptions, ChangeTheRootDirectoryAlone) {
  FSTOOL_E2E_REQUIRE(true, {"e2fsck"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", "x");
  const std::filesystem::path image = work / "image";
  expect_fstool_builds({"create", "-t", "ext3", tree.root().string(), "-o", image.string(), "-O",
                        "root_owner=1000:1001,root_mode=0711,lost_found=false"});
  expect_clean_ext4(image);
  const LoopMount mounted(image, Access::ReadOnly);
  struct stat status {};
  ASSERT_EQ(::stat(mounted.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 1000U);
  EXPECT_EQ(status.st_gid, 1001U);
  EXPECT_EQ(status.st_mode & 07777U, 0711U);
  EXPECT_FALSE(std::filesystem::exists(mounted.path() / "lost+found"));
}

TEST(RefusedFeatures, AreNotSetWhereTheTreeNeedsThem) {
  FSTOOL_E2E_REQUIRE(false, {"dumpe2fs"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", "x");
  tree.xattr("file", "user.large", std::string(2000, 'v'));
  const std::string image = (work / "image").string();
  const Command create = {"create", "-t", "ext4", tree.root().string(), "-o", image, "-O"};
  const auto with = [&](const std::string& options) {
    Command command = create;
    command.push_back(options);
    return command;
  };
  const ProcessResult refused = run_fstool(with("block_size=1024,features=^ea_inode"));
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("/file: its 1 extended attributes don't fit into one block of 1024 bytes"),
            std::string::npos)
      << refused.err;
  expect_fstool_builds(with("block_size=1024"));
  EXPECT_NE(run({"dumpe2fs", "-h", image}).out.find(" ea_inode "), std::string::npos);
}

TEST(RefusedOptions, AreNamed) {
  FSTOOL_E2E_REQUIRE(false, {});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  const std::pair<const char*, const char*> refused[] = {
      {"features=bigalloc", "\"bigalloc\" can't be written"},
      {"features=no_such", "there is no feature \"no_such\""},
      {"features=meta_bg", "exclude each other"},
      {"features=^extent", "64bit needs extent"},
      {"features=^sparse_super", "resize_inode needs sparse_super"},
      {"features=orphan_file ^has_journal", "orphan_file needs has_journal"},
      {"inode_size=4096,block_size=1024", "don't fit into blocks of 1024"},
      {"blocks_per_group=1001", "multiple of 8"},
      {"flex_bg_size=12", "power of two"},
      {"journal_size=100KiB", "too small"},
      {"root_owner=root", "uid:gid"},
      {"root_mode=888", "octal"},
      {"default_mount_options=noexec", "no default mount option \"noexec\""},
  };
  for (const auto& [options, message] : refused) {
    SCOPED_TRACE(options);
    const ProcessResult result =
        run_fstool({"create", "-t", "ext4", tree.root().string(), "-o", (work / "image").string(), "-O", options});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
    EXPECT_FALSE(std::filesystem::exists(work / "image"));
  }
}

}  // namespace
}  // namespace fstool::e2e

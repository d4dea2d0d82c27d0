// Images as sources: disks that other people's tools made are read layer by layer, and what is built of them holds the
// same files. What can't be read is refused in one message that names the layer.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <random>
#include <set>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kDiskSize = 64 * kMiB;

/// The partitions of every disk here: a boot loader's, without a file system, and two with ext4.
constexpr Extent kBoot = {2 * kMiB, 16 * kMiB};
constexpr Extent kRoot = {18 * kMiB, 32 * kMiB};

void make_table(const std::filesystem::path& disk, const std::string& table) {
  write_text(disk, "");
  std::filesystem::resize_file(disk, kDiskSize);
  if (table == "gpt") {
    expect_success({"sgdisk", "--new=1:1MiB:+1MiB", "--change-name=1:loader", "--new=2:2MiB:+16MiB",
                    "--change-name=2:boot", "--new=3:18MiB:+32MiB", "--change-name=3:root", disk.string()});
  } else {
    expect_success({"sh", "-c",
                    "printf 'start=1MiB,size=1MiB\nstart=2MiB,size=16MiB\nstart=18MiB,size=32MiB\n' | "
                    "sfdisk --quiet --label dos \"$0\"",
                    disk.string()});
  }
}

/// An empty ext4 file system on the range of the file.
void make_ext4(const std::filesystem::path& file, const std::string& label, const Extent& extent) {
  const LoopDevice device(file, {.access = Access::ReadWrite, .offset = extent.offset, .size = extent.size});
  expect_success({"mke2fs", "-q", "-t", "ext4", "-L", label, device.path()});
}

/// An ext4 file system with a copy of `tree` on the range of the file, written by the kernel.
void make_ext4(const std::filesystem::path& file, const std::string& label, const std::filesystem::path& tree,
               const Extent& extent = {}) {
  make_ext4(file, label, extent);
  const LoopMount mounted(file, Access::ReadWrite, extent.offset, extent.size);
  expect_success({"cp", "--archive", (tree / ".").string(), mounted.path().string()});
}

Command create(const std::string& source, const std::filesystem::path& output) {
  return {"create", "-t", "ext4", source, "-o", output.string()};
}

/// fstool refuses to build from `source`: one message with all of `words`, and nothing is written.
void expect_refused(const std::string& source, const std::set<std::string>& words) {
  const TempDir out;
  const ProcessResult result = run_fstool(create(source, out / "new.ext4"));
  EXPECT_EQ(result.exit_code, 1) << result.output();
  EXPECT_TRUE(result.err.starts_with("fstool: error: ")) << result.err;
  for (const std::string& word : words)
    EXPECT_NE(result.err.find(word), std::string::npos) << word << '\n' << result.err;
  EXPECT_TRUE(std::filesystem::is_empty(out.path()));
}

class RefusedImage : public testing::Test {
 protected:
  void SetUp() override { FSTOOL_E2E_REQUIRE(true, {"sgdisk", "sfdisk", "mke2fs", "qemu-img"}); }

  std::filesystem::path disk(const std::string& table) const {
    std::filesystem::path path = work_ / (table + ".img");
    make_table(path, table);
    make_ext4(path, "BOOT", kBoot);
    make_ext4(path, "ROOTFS", kRoot);
    return path;
  }

  const TempDir work_;
};

TEST_F(RefusedImage, SeveralPartitionsWithoutANumberAreListed) {
  const std::string gpt = disk("gpt").string();
  expect_refused(gpt, {"opening " + gpt + ": ", gpt + ":2", "partition 1 (\"loader\")", "partition 2 (\"boot\")",
                       "partition 3 (\"root\"): linux, 32 MiB, ext4"});
  const std::string mbr = disk("mbr").string();
  expect_refused(
      mbr, {"opening " + mbr + ": ", mbr + ":2", "partition 1: linux, 1 MiB", "partition 3: linux, 32 MiB, ext4"});
}

TEST_F(RefusedImage, AMissingPartitionListsTheOthers) {
  expect_refused(disk("gpt").string() + ":home", {"no partition \"home\"", "partition 3 (\"root\")"});
  expect_refused(disk("mbr").string() + ":4", {"no partition \"4\"", "partition 3"});
}

TEST_F(RefusedImage, APartitionOfABareFileSystem) {
  write_text(work_ / "bare.ext4", "");
  std::filesystem::resize_file(work_ / "bare.ext4", 16 * kMiB);
  make_ext4(work_ / "bare.ext4", "BARE", Extent{});
  expect_refused((work_ / "bare.ext4").string() + ":1", {"bare.ext4:1: ", "no partition table"});
}

TEST_F(RefusedImage, APartitionWithoutAFileSystem) {
  expect_refused(disk("gpt").string() + ":1", {"gpt.img:1: partition 1 (\"loader\"): no file system", "ext4"});
}

TEST_F(RefusedImage, UnknownContents) {
  write_text(work_ / "letter", std::string(5000, 'x'));
  expect_refused((work_ / "letter").string(),
                 {"opening ", "letter: neither a file system nor a partition table", "ext4", "gpt"});
  write_text(work_ / "empty", "");
  expect_refused((work_ / "empty").string(), {"empty: it is empty"});
}

TEST_F(RefusedImage, AMissingFile) {
  expect_refused((work_ / "absent.img:2").string(), {"absent.img:2 does not exist"});
}

TEST_F(RefusedImage, AnEmptyDiskInAContainer) {
  expect_success({"qemu-img", "create", "-q", "-f", "qcow2", (work_ / "disk").string(), "16M"});
  expect_refused((work_ / "disk").string(), {"disk: neither a file system nor a partition table"});
}

TEST_F(RefusedImage, ADamagedTableWhereStrictnessIsAskedFor) {
  const std::filesystem::path path = disk("gpt");
  std::filesystem::resize_file(path, kDiskSize - kMiB);  // the backup is gone; the partitions are not
  const ProcessResult lenient = run_fstool({"create", "-t", "ext4", path.string() + ":9", "--plan"});
  EXPECT_NE(lenient.err.find("warning: the backup GPT is damaged"), std::string::npos) << lenient.err;
  EXPECT_NE(lenient.err.find("no partition \"9\""), std::string::npos) << lenient.err;
  const ProcessResult strict = run_fstool({"create", "-t", "ext4", path.string() + ":9", "--plan", "--strict"});
  EXPECT_NE(strict.err.find("error: opening " + path.string() + ": reading its gpt partition table: the backup GPT"),
            std::string::npos)
      << strict.err;
}

TEST_F(RefusedImage, TheOutputIsTheImage) {
  const std::filesystem::path path = disk("gpt");
  const std::string before = sha256(path);
  std::filesystem::create_symlink(path, work_ / "symbolic");
  std::filesystem::create_hard_link(path, work_ / "hard");
  for (const char* const output : {"gpt.img", "symbolic", "hard"}) {
    for (const char* const source : {"gpt.img", "gpt.img:3", "symbolic:3", "hard:3"}) {
      const ProcessResult result = run_fstool(create((work_ / source).string(), work_ / output));
      EXPECT_EQ(result.exit_code, 1) << result.output();
      EXPECT_NE(result.err.find("itself"), std::string::npos) << result.err;
    }
  }
  EXPECT_EQ(sha256(path), before);
  const LoopDevice device(path, {.access = Access::ReadWrite});
  Command to_itself = create(device.path() + ":3", device.path());
  to_itself.emplace_back("--force");
  EXPECT_NE(run_fstool(to_itself).err.find("itself"), std::string::npos);
  EXPECT_EQ(sha256(path), before);
}

/// Disks whose ext4 file systems have something in them.
class ReadImage : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(true, {"sgdisk", "sfdisk", "mke2fs", "e2fsck", "qemu-img"});
    boot_.file("vmlinuz", 3'000'000, Content::Random);
    boot_.settle_times();
    for (const char* const directory : {"dev", "etc", "usr", "usr/bin", "usr/lib", "var"}) root_.directory(directory);
    root_.file("etc/fstab", "none\n");
    root_.file("usr/lib/large", 9'000'000, Content::Text);
    root_.truncate("var/sparse", 40'000'000);
    root_.write_at("var/sparse", 20'000'000, 30'000, Content::Random);
    root_.hard_link("usr/lib/second name", "usr/lib/large");
    root_.symlink("bin", "usr/bin");
    root_.special("dev/null", S_IFCHR, makedev(1, 3));
    root_.file("usr/bin/su", "program");
    root_.owner("usr/bin/su", 1000, 100);
    root_.mode("usr/bin/su", 04755);
    root_.xattr("etc/fstab", "user.comment", "kept");
    root_.settle_times();
  }

  std::filesystem::path disk() const {
    std::filesystem::path path = work_ / "old.img";
    make_table(path, GetParam());
    make_ext4(path, "BOOT", boot_.root(), kBoot);
    make_ext4(path, "ROOTFS", root_.root(), kRoot);
    return path;
  }

  void expect_built(const std::string& source, const TreeBuilder& tree) const {
    SCOPED_TRACE(source);
    expect_fstool_builds(create(source, work_ / "new.ext4"));
    expect_clean_ext4(work_ / "new.ext4");
    expect_mounted_equals(work_ / "new.ext4", tree.root());
  }

  const TempDir work_;
  const TreeBuilder boot_ = TreeBuilder(work_ / "boot");
  const TreeBuilder root_ = TreeBuilder(work_ / "root");
};

TEST_P(ReadImage, APartitionBecomesAFileSystem) {
  const std::string old = disk().string();
  expect_built(old + ":2", boot_);
  expect_built(old + ":3", root_);
  expect_built(old + ":ROOTFS", root_);
  if (std::string(GetParam()) == "gpt") expect_built(old + ":boot", boot_);
}

TEST_P(ReadImage, APartitionOfABlockDeviceBecomesAFileSystem) {
  const LoopDevice device(disk(), {});
  expect_built(device.path() + ":3", root_);
}

TEST_P(ReadImage, ASpecTakesPartitionsOfADiskToAnother) {
  disk();
  write_text(work_ / "spec.toml",
             "[image]\npartition_table = \"gpt\"\n"
             "[[partitions]]\ntype = \"linux\"\n[partitions.filesystem]\ntype = \"ext4\"\nsource = \"old.img:BOOT\"\n"
             "[[partitions]]\ntype = \"linux\"\n[partitions.filesystem]\ntype = \"ext4\"\n"
             "source = { path = \"old.img:3\", type = \"image\" }\n");
  const std::filesystem::path built = work_ / "new.qcow2";
  expect_fstool_builds({"run", (work_ / "spec.toml").string(), "-o", built.string()});
  expect_success({"qemu-img", "convert", "-O", "raw", built.string(), (work_ / "new.img").string()});
  const std::vector<Extent> partitions = partitions_of(work_ / "new.img");
  ASSERT_EQ(partitions.size(), 2U);
  for (const Extent& partition : partitions) expect_clean_ext4(work_ / "new.img", partition.offset);
  expect_mounted_equals(work_ / "new.img", boot_.root(), partitions[0]);
  expect_mounted_equals(work_ / "new.img", root_.root(), partitions[1]);
}

INSTANTIATE_TEST_SUITE_P(Tables, ReadImage, testing::Values("gpt", "mbr"),
                         [](const testing::TestParamInfo<const char*>& param) { return param.param; });

TEST(CopiedImage, HasTheSameFilesAndIsCopiedToTheSameBytes) {
  FSTOOL_E2E_REQUIRE(true, {"e2fsck"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  std::mt19937_64 random(5);
  build_random_tree(tree, random, 300);
  tree.settle_times();
  expect_fstool_builds(create(tree.root().string(), work / "0.ext4"));
  // From the first copy on, lost+found is in the tree like any other directory, and identifiers derive from the tree.
  expect_fstool_builds(create((work / "0.ext4").string(), work / "1.ext4"));
  expect_fstool_builds(create((work / "1.ext4").string(), work / "2.ext4"));
  EXPECT_EQ(sha256(work / "2.ext4"), sha256(work / "1.ext4"));
  expect_clean_ext4(work / "1.ext4");
  expect_mounted_equals(work / "1.ext4", tree.root());
}

}  // namespace
}  // namespace fstool::e2e

// qcow2 images that qemu-img makes, as sources: what is built of their file systems holds the same files as what is
// built of the raw disks, whatever the kind of the image.

#include <gtest/gtest.h>

#include <ostream>
#include <random>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

struct Kind {
  const char* name;
  Command convert;  ///< arguments of qemu-img convert
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

/// A disk with two partitions; the second has an ext4 file system with files of all kinds.
class Qcow2Source : public testing::Test {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(true, {"qemu-img", "qemu-io", "sgdisk", "e2fsck"});
    std::mt19937_64 random(7);
    build_random_tree(tree_, random, 200);
    tree_.file("large text", 3'000'000, Content::Text);
    tree_.file("large random", 2'000'000, Content::Random);
    tree_.write_at("sparse", 30'000'000, 100'000, Content::Text);
    tree_.settle_times();
    write_text(work_ / "spec.toml",
               "[image]\npartition_table = \"gpt\"\nsize = \"96MiB\"\n"
               "[[partitions]]\nname = \"loader\"\ntype = \"linux\"\nsize = \"1MiB\"\n"
               "[[partitions]]\nname = \"root\"\ntype = \"linux\"\nsize = \"64MiB\"\n"
               "[partitions.filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n");
    expect_fstool_builds({"run", (work_ / "spec.toml").string(), "-o", raw().string()});
  }

  std::filesystem::path raw() const { return work_ / "disk.img"; }

  /// The digest of what fstool builds of the file system that `source` means.
  std::string built(const std::string& source) const {
    SCOPED_TRACE(source);
    const std::filesystem::path output = work_ / "new.ext4";
    expect_fstool_builds({"create", "-t", "ext4", source, "-o", output.string()});
    const std::string digest = sha256(output);
    std::filesystem::remove(output);
    return digest;
  }

  void qemu_img(Command arguments) const {
    arguments.insert(arguments.begin(), "qemu-img");
    expect_success(arguments, {.directory = work_.path()});
  }

  const TempDir work_;
  const TreeBuilder tree_ = TreeBuilder(work_ / "tree");
};

class Qcow2Kind : public Qcow2Source, public testing::WithParamInterface<Kind> {};

const Kind kKinds[] = {
    {"C512Zlib", {"-c", "-o", "cluster_size=512"}},
    {"C4KZstd", {"-c", "-o", "cluster_size=4k,compression_type=zstd"}},
    {"C64K", {}},
    {"C64KZlib", {"-c"}},
    {"Version2Zlib", {"-c", "-o", "compat=0.10"}},
    {"SubclustersZstd", {"-c", "-o", "extended_l2=on,compression_type=zstd"}},
    {"C2MZlib", {"-c", "-o", "cluster_size=2M"}},
};

INSTANTIATE_TEST_SUITE_P(Qcow2, Qcow2Kind, testing::ValuesIn(kKinds),
                         [](const testing::TestParamInfo<Kind>& kind) { return std::string(kind.param.name); });

TEST_P(Qcow2Kind, APartitionIsBuiltAsFromTheRawDisk) {
  Command convert = {"convert", "-f", "raw", "-O", "qcow2"};
  convert.insert(convert.end(), GetParam().convert.begin(), GetParam().convert.end());
  convert.insert(convert.end(), {"disk.img", "disk.qcow2"});
  qemu_img(convert);
  EXPECT_EQ(built((work_ / "disk.qcow2").string() + ":2"), built(raw().string() + ":2"));
  EXPECT_EQ(built((work_ / "disk.qcow2").string() + ":root"), built(raw().string() + ":root"));
}

TEST_F(Qcow2Source, WhatFstoolItselfWrote) {
  for (const char* const codec : {"deflate", "zstd"}) {
    const std::filesystem::path image = work_ / (std::string(codec) + ".qcow2");
    write_text(work_ / "codec.toml",
               "[codec]\ntype = \"" + std::string(codec) + "\"\n" + read_text(work_ / "spec.toml"));
    expect_fstool_builds({"run", (work_ / "codec.toml").string(), "-o", image.string()});
    qemu_img({"compare", "-f", "qcow2", "-F", "raw", image.string(), raw().string()});
    EXPECT_EQ(built(image.string() + ":2"), built(raw().string() + ":2"));
  }
}

TEST_F(Qcow2Source, ABackingChainOfThreeThatAGuestWroteTo) {
  qemu_img({"convert", "-c", "-f", "raw", "-O", "qcow2", "disk.img", "base.qcow2"});
  qemu_img({"create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", "middle.qcow2"});
  qemu_img({"create", "-q", "-f", "qcow2", "-o", "extended_l2=on", "-b", "middle.qcow2", "-F", "qcow2", "top.qcow2"});
  const std::string before = built(raw().string() + ":2");
  EXPECT_EQ(built((work_ / "top.qcow2").string() + ":2"), before);
  // The guest writes to the other partition.
  expect_success({"qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 512k", (work_ / "top.qcow2").string()});
  EXPECT_EQ(built((work_ / "top.qcow2").string() + ":2"), before);
}

TEST_F(Qcow2Source, ASnapshotIsWhatTheDiskWas) {
  qemu_img({"convert", "-f", "raw", "-O", "qcow2", "disk.img", "disk.qcow2"});
  const std::string before = built((work_ / "disk.qcow2").string() + ":2");
  qemu_img({"snapshot", "-c", "before", "disk.qcow2"});
  // From here on there is no file system.
  expect_success({"qemu-io", "-f", "qcow2", "-c", "write -z 2M 64M", (work_ / "disk.qcow2").string()});
  EXPECT_EQ(built((work_ / "disk.qcow2").string() + "@before:2"), before);
  EXPECT_EQ(built((work_ / "disk.qcow2").string() + "@1:root"), before);
  const ProcessResult now = run_fstool({"create", "-t", "ext4", (work_ / "disk.qcow2").string() + ":2", "--plan"});
  EXPECT_EQ(now.exit_code, 1);
  const ProcessResult absent =
      run_fstool({"create", "-t", "ext4", (work_ / "disk.qcow2").string() + "@after:2", "--plan"});
  EXPECT_EQ(absent.exit_code, 1);
  EXPECT_NE(absent.err.find("there is no snapshot \"after\"; there are: 1 (\"before\")"), std::string::npos)
      << absent.err;
}

TEST_F(Qcow2Source, ASpecTakesAPartitionOfIt) {
  qemu_img({"convert", "-c", "-f", "raw", "-O", "qcow2", "disk.img", "disk.qcow2"});
  write_text(work_ / "again.toml", "[filesystem]\ntype = \"ext4\"\nsource = \"disk.qcow2:2\"\n");
  expect_fstool_builds({"run", (work_ / "again.toml").string(), "-o", (work_ / "again.ext4").string()});
  expect_clean_ext4(work_ / "again.ext4");
  expect_mounted_equals(work_ / "again.ext4", tree_.root());
}

TEST_F(Qcow2Source, TheDiskOfARawExternalDataFile) {
  qemu_img(
      {"convert", "-f", "raw", "-O", "qcow2", "-o", "data_file=data.raw,data_file_raw=on", "disk.img", "disk.qcow2"});
  EXPECT_EQ(built((work_ / "disk.qcow2").string() + ":2"), built(raw().string() + ":2"));
}

TEST_F(Qcow2Source, AnImageThatNamesADeviceIsRefused) {
  qemu_img({"create", "-q", "-u", "-f", "qcow2", "-b", "/dev/zero", "-F", "raw", "disk.qcow2", "64M"});
  const ProcessResult result = run_fstool({"create", "-t", "ext4", (work_ / "disk.qcow2").string(), "--plan"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("/dev/zero is not a regular file"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace fstool::e2e

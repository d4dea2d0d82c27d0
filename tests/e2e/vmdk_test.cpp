// VMDK disks, both ways: QEMU reads of those that fstool writes what is in the raw image of the same spec, and fstool
// reads of those that QEMU makes what was put into them.
//
// FSTOOL_FULL=1 in the environment adds sizes, and has QEMU look at every grain of a disk of 3 TiB.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "harness/container_fixture.h"
#include "harness/requirements.h"

namespace fstool::e2e {
namespace {

class Vmdk : public ContainerFixture {
 protected:
  void SetUp() override { FSTOOL_E2E_REQUIRE(false, {"qemu-img", "qemu-io", "sha256sum"}); }

  static std::string section(const std::string& subformat) {
    return "[container]\ntype = \"vmdk\"\nsubformat = \"" + subformat + "\"\n";
  }

  void qemu_img(Command arguments) const {
    arguments.insert(arguments.begin(), "qemu-img");
    expect_success(arguments, {.directory = work_.path()});
  }

  void convert(const std::string& subformat) const {
    qemu_img({"convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=" + subformat, "disk.raw", "disk.vmdk"});
  }

  nlohmann::json info(const std::string& image) const {
    return nlohmann::json::parse(output_of_fstool({"info", path(image), "--json"}));
  }
};

class Written : public Vmdk, public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Vmdk, Written, testing::Values("monolithicSparse", "streamOptimized"),
                         [](const testing::TestParamInfo<const char*>& name) { return std::string(name.param); });

TEST_P(Written, QemuReadsWhatFstoolWrites) {
  make_tree();
  std::vector<std::uint64_t> sizes = {33 * kMiB + 1536, kGiB};
  if (is_full_run()) sizes.insert(sizes.end(), {20 * kMiB, 20 * kGiB + 512});
  for (const std::uint64_t size : sizes) {
    SCOPED_TRACE(size);
    build("", size, "disk.raw");
    build(section(GetParam()), size, "disk.vmdk");
    qemu_img({"compare", "-f", "vmdk", "-F", "raw", "disk.vmdk", "disk.raw"});
    EXPECT_NE(expect_success({"qemu-img", "check", "-f", "vmdk", path("disk.vmdk")}).find("No errors"),
              std::string::npos);
    expect_same_to_fstool("disk.vmdk", "disk.raw");
    EXPECT_EQ(info("disk.vmdk").at("container"), "vmdk");
    EXPECT_EQ(info("disk.vmdk").at("virtual_size"), size);
  }
}

TEST_P(Written, AHugeDiskThatIsNearlyEmptyTakesLittle) {
  make_tree();
  build("", 3 * kTiB, "disk.raw");
  build(section(GetParam()), 3 * kTiB, "disk.vmdk");
  EXPECT_LT(std::stoull(expect_success({"stat", "-c", "%b", path("disk.vmdk")})) * 512, 16 * kMiB);
  expect_same_to_fstool("disk.vmdk", "disk.raw");
  if (is_full_run()) return qemu_img({"compare", "-f", "vmdk", "-F", "raw", "disk.vmdk", "disk.raw"});
  // Each grain is a question to QEMU. The ends of the disk have all that there is.
  for (const std::uint64_t offset : {std::uint64_t{0}, 3 * kTiB - 32 * kMiB}) {
    const std::string part = "driver=raw,size=33554432,offset=" + std::to_string(offset);
    qemu_img({"compare", "--image-opts",
              part + ",file.driver=vmdk,file.file.driver=file,file.file.filename=" + path("disk.vmdk"),
              part + ",file.driver=file,file.filename=" + path("disk.raw")});
  }
}

TEST_P(Written, TheBytesDoNotDependOnTheNumberOfThreads) {
  make_tree();
  build(section(GetParam()), 33 * kMiB, "one.vmdk", {"--threads", "1"});
  build(section(GetParam()), 33 * kMiB, "four.vmdk", {"--threads", "4"});
  EXPECT_EQ(sha256(work_ / "one.vmdk"), sha256(work_ / "four.vmdk"));
}

TEST_F(Vmdk, TheEndingOfTheNameAndTheCodecChooseTheKind) {
  make_tree();
  expect_fstool_builds({"create", "-t", "ext4", path("tree"), "-o", path("plain.vmdk")});
  expect_fstool_builds({"create", "-t", "ext4", path("tree"), "-o", path("packed.vmdk"), "--codec", "zlib,level=6"});
  expect_fstool_builds({"create", "-t", "ext4", path("tree"), "-o", path("plain.raw")});
  const auto kind = [&](const std::string& image) {
    return nlohmann::json::parse(expect_success({"qemu-img", "info", "--output=json", path(image)}))
        .at("format-specific")
        .at("data")
        .at("create-type")
        .get<std::string>();
  };
  EXPECT_EQ(kind("plain.vmdk"), "monolithicSparse");
  EXPECT_EQ(kind("packed.vmdk"), "streamOptimized");
  EXPECT_LT(std::filesystem::file_size(work_ / "packed.vmdk"), std::filesystem::file_size(work_ / "plain.vmdk"));
  for (const std::string image : {"plain.vmdk", "packed.vmdk"}) EXPECT_EQ(hash(image), hash("plain.raw"));
}

TEST_F(Vmdk, OtherCodecsAreRefused) {
  make_tree();
  for (const std::string codec : {"zstd", "deflate", "gzip"}) {
    const ProcessResult result =
        run_fstool({"create", "-t", "ext4", path("tree"), "-o", path("disk.vmdk"), "--codec", codec});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.err.find("can't be compressed with " + codec + "; choose zlib"), std::string::npos) << result.err;
    EXPECT_FALSE(std::filesystem::exists(work_ / "disk.vmdk"));
  }
}

class Read : public Vmdk, public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Vmdk, Read,
                         testing::Values("monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse",
                                         "twoGbMaxExtentFlat", "streamOptimized"),
                         [](const testing::TestParamInfo<const char*>& name) { return std::string(name.param); });

TEST_P(Read, FstoolReadsWhatQemuMakesOfAnyBytes) {
  std::vector<std::uint64_t> sizes = {512, kMiB, 7 * kMiB + 512};
  if (is_full_run()) sizes.push_back(3 * kGiB);
  for (const std::uint64_t size : sizes) {
    SCOPED_TRACE(size);
    make_raw(size, {0, size / 2, size - 512}, 100'000);
    convert(GetParam());
    EXPECT_EQ(hash("disk.vmdk"), sha256(work_ / "disk.raw"));
  }
}

TEST_P(Read, FstoolReadsWhatQemuMakesOfAFileSystem) {
  make_tree();
  build("", 3 * kGiB, "disk.raw");
  convert(GetParam());
  expect_same_to_fstool("disk.vmdk", "disk.raw");
  EXPECT_EQ(info("disk.vmdk").at("virtual_size"), 3 * kGiB);
}

TEST_F(Vmdk, ADiskThatAGuestWroteTo) {
  make_tree();
  build(section("monolithicSparse"), 64 * kMiB, "disk.vmdk");
  const std::string before = hash("disk.vmdk:1");
  expect_success({"qemu-io", "-f", "vmdk", "-c", "write -P 7 40M 3M", "-c", "write -P 8 30M 100k", path("disk.vmdk")});
  expect_no_damage("disk.vmdk");
  EXPECT_EQ(hash("disk.vmdk:1"), before);
  qemu_img({"convert", "-f", "vmdk", "-O", "raw", "disk.vmdk", "disk.raw"});
  EXPECT_EQ(hash("disk.vmdk"), sha256(work_ / "disk.raw"));
}

TEST_F(Vmdk, WhatIsNotReadIsRefusedByName) {
  make_raw(kMiB, {0}, 1000);
  convert("monolithicSparse");
  qemu_img({"create", "-q", "-f", "vmdk", "-b", "disk.vmdk", "-F", "vmdk", "child.vmdk"});
  expect_refused("child.vmdk", "from its parent disk.vmdk, and can't be read");
  write_text(work_ / "device.vmdk",
             "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n"
             "RW 2048 FLAT \"/dev/zero\" 0\n");
  expect_refused("device.vmdk", "/dev/zero: it is not a regular file", {"ls", "hash", "check"});
  write_text(work_ / "cowd.vmdk", "COWD" + std::string(2048, '\0'));
  expect_refused("cowd.vmdk", "vmfsSparse");
}

TEST_F(Vmdk, DamageIsFound) {
  make_tree();
  build(section("streamOptimized"), 33 * kMiB, "disk.vmdk");
  const std::string whole = read_text(work_ / "disk.vmdk");
  write_text(work_ / "cut.vmdk", whole.substr(0, whole.size() - 512));
  expect_refused("cut.vmdk", "it may be cut off");
  write_text(work_ / "text.vmdk", std::string(whole).replace(73, 4, "\n \n\n"));
  expect_refused("text.vmdk", "copy it again, as binary");
  patch("disk.vmdk", 128 * 512 + 40, "damage");
  const ProcessResult result = run_fstool({"check", path("disk.vmdk")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.output().find("grain 0: "), std::string::npos) << result.output();

  build(section("monolithicSparse"), 33 * kMiB, "disk.vmdk");
  patch("disk.vmdk", 22 * 512, std::string("\x01\x02", 2));  // in the redundant directory's first table
  EXPECT_EQ(run_fstool({"check", path("disk.vmdk")}).exit_code, 1);
  build(section("monolithicSparse"), 33 * kMiB, "disk.vmdk");
  std::filesystem::resize_file(work_ / "disk.vmdk", std::filesystem::file_size(work_ / "disk.vmdk") - 512);
  EXPECT_EQ(run_fstool({"check", path("disk.vmdk")}).exit_code, 1);
  EXPECT_EQ(run_fstool({"hash", path("disk.vmdk")}).exit_code, 1);
}

}  // namespace
}  // namespace fstool::e2e

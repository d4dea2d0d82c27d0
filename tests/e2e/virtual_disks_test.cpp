// VHD and VDI images, both ways: QEMU reads of those that fstool writes what is in the raw image of the same spec, and
// fstool reads of those that QEMU makes what was put into them.
//
// FSTOOL_FULL=1 in the environment adds sizes.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <random>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

struct Kind {
  const char* name;
  const char* container;     ///< as --container takes it
  const char* qemu_format;   ///< as qemu-img calls it
  const char* qemu_options;  ///< of qemu-img convert, for the like of it
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

const Kind kKinds[] = {
    {"VhdDynamic", "vhd", "vpc", "force_size=on"},
    {"VhdDynamicSmallBlocks", "vhd,block_size=512KiB", "vpc", "force_size=on"},
    {"VhdFixed", "vhd,subformat=fixed", "vpc", "subformat=fixed,force_size=on"},
    {"VdiDynamic", "vdi", "vdi", "static=off"},
    {"VdiStatic", "vdi,subformat=static", "vdi", "static=on"},
};

class VirtualDisks : public testing::Test {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(false, {"qemu-img", "sha256sum"});
    std::mt19937_64 random(11);
    build_random_tree(tree_, random, 50);
    tree_.file("text", 300'000, Content::Text);
    tree_.write_at("sparse", 5'000'000, 10'000, Content::Random);
    tree_.settle_times();
  }

  std::string path(const std::string& name) const { return (work_ / name).string(); }

  /// Builds a disk of `size` bytes with a file system of 16 MiB that ends with a partition of 1 MiB.
  void build(const std::string& container, std::uint64_t size, const std::string& name) const {
    const std::size_t comma = container.find(',');
    std::string spec = "[container]\ntype = \"" + container.substr(0, comma) + "\"\n";
    if (comma != std::string::npos) {
      std::string option = container.substr(comma + 1);
      const std::size_t equals = option.find('=');
      spec += option.substr(0, equals) + " = \"" + option.substr(equals + 1) + "\"\n";
    }
    spec += fmt::format(
        "[image]\npartition_table = \"mbr\"\nsize = {}\n"
        "[[partitions]]\ntype = \"linux\"\nsize = \"16MiB\"\n"
        "[partitions.filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n"
        "[[partitions]]\ntype = \"linux\"\nsize = \"1MiB\"\noffset = {}\n",
        size, (size - kMiB) / 512 * 512);
    write_text(work_ / "spec.toml", spec);
    expect_fstool_builds({"run", path("spec.toml"), "-o", path(name)});
  }

  /// A sparse file with random bytes at the given offsets, up to `piece` bytes each.
  void make_raw(std::uint64_t size, const std::vector<std::uint64_t>& offsets, std::uint64_t piece) const {
    std::filesystem::remove(work_ / "disk.raw");
    const TreeBuilder files(work_.path());
    files.truncate("disk.raw", size);
    for (const std::uint64_t offset : offsets) {
      files.write_at("disk.raw", offset, std::min(piece, size - offset), Content::Random);
    }
  }

  void convert(const Kind& kind, const std::string& from, const std::string& to) const {
    expect_success(
        {"qemu-img", "convert", "-f", "raw", "-O", kind.qemu_format, "-o", kind.qemu_options, path(from), path(to)});
  }

  void expect_same_to_qemu(const Kind& kind, const std::string& image, const std::string& raw) const {
    expect_success({"qemu-img", "compare", "-f", kind.qemu_format, "-F", "raw", path(image), path(raw)});
  }

  std::uint64_t size_to_qemu(const Kind& kind, const std::string& image) const {
    const std::string text = expect_success({"qemu-img", "info", "--output=json", "-f", kind.qemu_format, path(image)});
    return nlohmann::json::parse(text).at("virtual-size").get<std::uint64_t>();
  }

  std::string hash(const std::string& image) const {
    const std::string line = expect_success_of_fstool({"hash", path(image)});
    return line.substr(0, line.find(' '));
  }

  /// Runs fstool, which has to succeed without a word on standard error, and returns what it wrote.
  static std::string expect_success_of_fstool(const Command& arguments) {
    const ProcessResult result = run_fstool(arguments);
    EXPECT_EQ(result.exit_code, 0) << to_string(arguments) << '\n' << result.output();
    EXPECT_EQ(result.err, "");
    return result.out;
  }

  /// fstool refuses the image, with `words` in its message.
  void expect_refused(const std::string& image, const std::string& words) const {
    for (const char* const command : {"ls", "info", "check", "hash"}) {
      const ProcessResult result = run_fstool({command, path(image)});
      EXPECT_EQ(result.exit_code, 1) << command << '\n' << result.output();
      EXPECT_NE(result.output().find(words), std::string::npos) << command << '\n' << result.output();
    }
  }

  void patch(const std::string& image, std::uint64_t offset, const std::string& bytes) const {
    std::fstream file(work_ / image, std::ios::binary | std::ios::in | std::ios::out);
    file.exceptions(std::ios::badbit | std::ios::failbit);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  const TempDir work_;
  const TreeBuilder tree_ = TreeBuilder(work_ / "tree");
};

class EveryKind : public VirtualDisks, public testing::WithParamInterface<Kind> {};

INSTANTIATE_TEST_SUITE_P(VirtualDisks, EveryKind, testing::ValuesIn(kKinds),
                         [](const testing::TestParamInfo<Kind>& kind) { return std::string(kind.param.name); });

std::vector<std::uint64_t> written_sizes() {
  std::vector<std::uint64_t> sizes = {33 * kMiB + 1536, 130 * kGiB};
  if (is_full_run()) sizes.insert(sizes.end(), {20 * kMiB, kGiB, 2000 * kGiB});
  return sizes;
}

TEST_P(EveryKind, QemuReadsWhatFstoolWrites) {
  for (const std::uint64_t size : written_sizes()) {
    SCOPED_TRACE(size);
    build("raw", size, "disk.raw");
    build(GetParam().container, size, "disk.image");
    EXPECT_EQ(size_to_qemu(GetParam(), "disk.image"), size);
    expect_same_to_qemu(GetParam(), "disk.image", "disk.raw");
    if (GetParam().qemu_format == std::string("vdi")) {
      EXPECT_EQ(expect_success({"qemu-img", "check", "-f", "vdi", path("disk.image")}),
                "No errors were found on the image.\n");
    }
    EXPECT_LT(std::stoull(expect_success({"stat", "-c", "%b", path("disk.image")})) * 512, 17 * kMiB);
    EXPECT_EQ(expect_success_of_fstool({"check", path("disk.image"), "--quiet"}), "");
    EXPECT_EQ(hash("disk.image:1"), hash("disk.raw:1"));
  }
}

TEST_P(EveryKind, FstoolReadsWhatQemuMakesOfAFileSystem) {
  for (const std::uint64_t size : written_sizes()) {
    SCOPED_TRACE(size);
    build("raw", size, "disk.raw");
    convert(GetParam(), "disk.raw", "disk.image");
    EXPECT_EQ(expect_success_of_fstool({"ls", "-l", path("disk.image") + ":1"}),
              expect_success_of_fstool({"ls", "-l", path("disk.raw") + ":1"}));
    EXPECT_EQ(hash("disk.image:1"), hash("disk.raw:1"));
    EXPECT_EQ(expect_success_of_fstool({"check", path("disk.image"), "--quiet"}), "");
    const auto info = nlohmann::json::parse(expect_success_of_fstool({"info", path("disk.image"), "--json"}));
    EXPECT_EQ(info.at("container"), std::string(GetParam().container).substr(0, 3));
    EXPECT_EQ(info.at("virtual_size"), size);
  }
}

TEST_P(EveryKind, FstoolReadsWhatQemuMakesOfAnyBytes) {
  for (const std::uint64_t size : {std::uint64_t{512}, kMiB, 7 * kMiB + 512}) {
    SCOPED_TRACE(size);
    make_raw(size, {0, size / 2, size - 512}, 100'000);
    convert(GetParam(), "disk.raw", "disk.image");
    EXPECT_EQ(hash("disk.image"), sha256(work_ / "disk.raw"));
  }
}

TEST_P(EveryKind, NothingIsCompressed) {
  const std::string type = std::string(GetParam().container).substr(0, 3);
  const ProcessResult result = run_fstool({"create", "-t", "ext4", path("tree"), "-o", path("disk"), "--container",
                                           GetParam().container, "--codec", "zstd"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find(type + " images can't be compressed"), std::string::npos) << result.err;
  EXPECT_FALSE(std::filesystem::exists(work_ / "disk"));
}

TEST_F(VirtualDisks, TheEndingOfTheNameChoosesTheContainer) {
  for (const auto& [name, container] : {std::pair{"disk.vhd", "vhd"}, {"disk.vpc", "vhd"}, {"disk.vdi", "vdi"}}) {
    expect_fstool_builds({"create", "-t", "ext4", path("tree"), "-o", path(name)});
    const auto info = nlohmann::json::parse(expect_success_of_fstool({"info", path(name), "--json"}));
    EXPECT_EQ(info.at("container"), container);
  }
}

TEST_F(VirtualDisks, AzureGetsWholeMiB) {
  write_text(work_ / "spec.toml",
             "[container]\ntype = \"vhd\"\nsubformat = \"fixed\"\nsize_multiple = \"1MiB\"\n"
             "[filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n");
  expect_fstool_builds({"run", path("spec.toml"), "-o", path("disk.vhd")});
  const Kind& fixed = kKinds[2];
  const std::uint64_t size = size_to_qemu(fixed, "disk.vhd");
  EXPECT_EQ(size % kMiB, 0U);
  EXPECT_EQ(std::filesystem::file_size(work_ / "disk.vhd"), size + 512);
  expect_fstool_builds({"create", "-t", "ext4", path("tree"), "-o", path("disk.raw"), "--container", "raw"});
  expect_same_to_qemu(fixed, "disk.vhd", "disk.raw");
}

TEST_F(VirtualDisks, DifferencingOnesAreRefused) {
  make_raw(kMiB, {0}, 1000);
  convert(kKinds[0], "disk.raw", "disk.vhd");
  // The type becomes 4, from 3, at either end, and the checksum, the complement of a sum, one less.
  const std::string footer = read_text(work_ / "disk.vhd").substr(0, 512);
  std::string changed = footer;
  changed[63] = 4;
  for (std::size_t at = 67; changed[at]-- == 0; --at) continue;
  patch("disk.vhd", 0, changed);
  patch("disk.vhd", std::filesystem::file_size(work_ / "disk.vhd") - 512, changed);
  expect_refused("disk.vhd", "it is a differencing disk");

  convert(kKinds[3], "disk.raw", "disk.vdi");
  patch("disk.vdi", 0x1a8, "parent");
  expect_refused("disk.vdi", "it is a differencing image");
  EXPECT_NE(run({"qemu-img", "info", "-f", "vdi", path("disk.vdi")}).exit_code, 0);
}

TEST_F(VirtualDisks, WhatIsCutOffIsFound) {
  build("vhd", 33 * kMiB, "disk.vhd");
  std::filesystem::resize_file(work_ / "disk.vhd", std::filesystem::file_size(work_ / "disk.vhd") - 512);
  const ProcessResult listed = run_fstool({"ls", path("disk.vhd") + ":1"});
  EXPECT_EQ(listed.exit_code, 0);
  EXPECT_NE(listed.err.find("the footer at the end of the file is missing"), std::string::npos) << listed.err;
  EXPECT_EQ(run_fstool({"ls", path("disk.vhd") + ":1", "--strict"}).exit_code, 1);
  EXPECT_EQ(run_fstool({"check", path("disk.vhd")}).exit_code, 1);

  build("vhd,subformat=fixed", 33 * kMiB, "fixed.vhd");
  const std::string footer = read_text(work_ / "fixed.vhd").substr(33 * kMiB);
  std::filesystem::resize_file(work_ / "fixed.vhd", 20 * kMiB + 512);
  patch("fixed.vhd", 20 * kMiB, footer);
  expect_refused("fixed.vhd", "the disk has 34603008 bytes, and the file has 20971520 before the footer");
}

TEST_F(VirtualDisks, ABlockThatTwoHaveIsFound) {
  build("vdi", 33 * kMiB, "disk.vdi");
  patch("disk.vdi", 512 + 4 * 1, std::string(4, '\0'));  // block 1 gets the place of block 0
  EXPECT_NE(run({"qemu-img", "check", "-f", "vdi", path("disk.vdi")}).exit_code, 0);
  const ProcessResult result = run_fstool({"check", path("disk.vdi")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.output().find("block 1 has place 0, which another block has"), std::string::npos) << result.output();
}

TEST_F(VirtualDisks, AnImageDoesNotDependOnTheNumberOfThreads) {
  for (const Kind& kind : kKinds) {
    std::vector<std::string> digests;
    for (const char* const threads : {"1", "4"}) {
      expect_fstool_builds({"create", "-t", "ext4", path("tree"), "-o", path("disk"), "--container", kind.container,
                            "--threads", threads});
      digests.push_back(sha256(work_ / "disk"));
    }
    EXPECT_EQ(digests[0], digests[1]) << kind.name;
  }
}

}  // namespace
}  // namespace fstool::e2e

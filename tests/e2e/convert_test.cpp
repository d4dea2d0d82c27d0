// fstool convert, judged by qemu-img, sgdisk, e2fsck, cmp and the decompressors.
// FSTOOL_FULL=1 in the environment makes images of every kind of all sizes.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
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
constexpr std::uint64_t kTiB = 1024 * kGiB;

class Convert : public testing::Test {
 protected:
  void SetUp() override { FSTOOL_E2E_REQUIRE(false, {"qemu-img", "qemu-io", "cmp"}); }

  /// A raw disk: text, random bytes, zeros that are data, and holes, as far as they fit `size`.
  std::filesystem::path make_disk(std::uint64_t size, const std::string& name = "disk.img") const {
    const TreeBuilder files(work_.path());
    files.truncate(name, size);
    const auto put = [&](std::uint64_t offset, std::uint64_t length, Content content) {
      if (offset + length <= size) files.write_at(name, offset, length, content);
    };
    put(0, 512, Content::Text);
    put(64 * kKiB, 300 * kKiB, Content::Text);
    put(2 * kMiB + 512, 200 * kKiB, Content::Random);
    if (size > 512) put(size - 512, 512, Content::Random);
    return work_ / name;
  }

  void convert(Command arguments) const {
    arguments.insert(arguments.begin(), "convert");
    arguments.push_back("--quiet");
    const ProcessResult result = run_fstool(arguments, {.directory = work_.path()});
    EXPECT_EQ(result.exit_code, 0) << to_string(arguments) << '\n' << result.output();
    EXPECT_EQ(result.output(), "") << to_string(arguments);
  }

  std::string refused(Command arguments) const {
    arguments.insert(arguments.begin(), "convert");
    const ProcessResult result = run_fstool(arguments, {.directory = work_.path()});
    EXPECT_NE(result.exit_code, 0) << to_string(arguments);
    return result.err;
  }

  std::string tool(const Command& command) const { return expect_success(command, {.directory = work_.path()}); }

  void expect_clean_qcow2(const std::string& name) const {
    const std::string verdict = tool({"qemu-img", "check", "-f", "qcow2", name});
    EXPECT_EQ(verdict.find("No errors were found"), 0U) << verdict;
    EXPECT_EQ(verdict.find("eaked"), std::string::npos) << verdict;
  }

  void expect_same_disk(const std::string& qcow2, const std::string& raw) const {
    tool({"qemu-img", "compare", "-f", "qcow2", "-F", "raw", qcow2, raw});
  }

  const TempDir work_;
};

// Images of every kind --------------------------------------------------------------------------------------------

struct Kind {
  std::uint64_t cluster_size = 0;
  std::string codec;  ///< "none", "deflate", "zstd"
  bool version2 = false;
  bool subclusters = false;
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.cluster_size << kind.codec << kind.version2 << kind.subclusters;
}

std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  for (const std::uint64_t cluster_size : {std::uint64_t{512}, 4 * kKiB, 64 * kKiB, 2 * kMiB}) {
    for (const std::string codec : {"none", "deflate", "zstd"}) {
      kinds.push_back({cluster_size, codec});
      if (codec != "zstd") kinds.push_back({.cluster_size = cluster_size, .codec = codec, .version2 = true});
      if (cluster_size >= 16 * kKiB) {
        kinds.push_back({.cluster_size = cluster_size, .codec = codec, .subclusters = true});
      }
    }
  }
  return kinds;
}

std::string kind_name(const testing::TestParamInfo<Kind>& kind) {
  return fmt::format("Clusters{}{}{}{}", kind.param.cluster_size, kind.param.codec, kind.param.version2 ? "Old" : "",
                     kind.param.subclusters ? "Sub" : "");
}

class EveryKind : public Convert, public testing::WithParamInterface<Kind> {
 protected:
  static std::vector<std::uint64_t> sizes() {
    if (!is_full_run()) return {0, 512, 5 * kMiB + 1536};
    return {0, 512, 5 * kMiB + 1536, kGiB};
  }

  static std::string our_options() {
    std::string options = fmt::format("cluster_size={}", GetParam().cluster_size);
    if (GetParam().codec != "none") options += ",codec=" + GetParam().codec;
    if (GetParam().version2) options += ",compat=0.10";
    if (GetParam().subclusters) options += ",extended_l2=true";
    return options;
  }

  static Command their_arguments() {
    std::string options = fmt::format("cluster_size={}", GetParam().cluster_size);
    if (GetParam().codec == "zstd") options += ",compression_type=zstd";
    if (GetParam().version2) options += ",compat=0.10";
    if (GetParam().subclusters) options += ",extended_l2=on";
    Command arguments = {"qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-o", options};
    if (GetParam().codec != "none") arguments.emplace_back("-c");
    return arguments;
  }
};

INSTANTIATE_TEST_SUITE_P(Qcow2, EveryKind, testing::ValuesIn(all_kinds()), kind_name);

TEST_P(EveryKind, RoundTripsBothWays) {
  for (const std::uint64_t size : sizes()) {
    SCOPED_TRACE(size);
    make_disk(size);
    convert({"disk.img", "ours.qcow2", "-O", our_options()});
    expect_clean_qcow2("ours.qcow2");
    expect_same_disk("ours.qcow2", "disk.img");

    // An image of no bytes at all has no compressed cluster; qemu-img refuses -c then.
    Command theirs = their_arguments();
    theirs.insert(theirs.end(), {"disk.img", "theirs.qcow2"});
    tool(theirs);
    convert({"theirs.qcow2", "again.qcow2", "-O", our_options()});
    expect_clean_qcow2("again.qcow2");
    expect_same_disk("again.qcow2", "disk.img");
    convert({"theirs.qcow2", "back.img"});
    tool({"cmp", "back.img", "disk.img"});
    EXPECT_EQ(sha256(work_ / "again.qcow2"), sha256(work_ / "ours.qcow2"));
  }
}

/// The largest disk of each kind, 64 TiB at most.
class HugeDisk : public EveryKind {
 protected:
  static std::uint64_t size() {
    // The L1 table has 4 Mi entries at most.
    const std::uint64_t l2_entries = GetParam().cluster_size / (GetParam().subclusters ? 16 : 8);
    return std::min(64 * kTiB, 4 * kMiB * l2_entries * GetParam().cluster_size);
  }
};

std::vector<Kind> kinds_of_huge_disks() {
  if (is_full_run()) return all_kinds();
  return {{.cluster_size = 512, .codec = "deflate"},
          {.cluster_size = 64 * kKiB, .codec = "zstd"},
          {.cluster_size = 2 * kMiB, .codec = "none", .subclusters = true}};
}

INSTANTIATE_TEST_SUITE_P(Qcow2, HugeDisk, testing::ValuesIn(kinds_of_huge_disks()), kind_name);

TEST_P(HugeDisk, ComesBackAsItWas) {
  // No usual file system has raw files of that size.
  const std::uint64_t half = size() / 2 - 1000;
  tool({"qemu-img", "create", "-q", "-f", "qcow2", "theirs.qcow2", std::to_string(size())});
  tool({"qemu-io", "-f", "qcow2", "-c", "write -P 1 0 512", "-c", fmt::format("write -P 2 {} 300k", half), "-c",
        fmt::format("write -P 3 {} 512", size() - 512), "theirs.qcow2"});
  convert({"theirs.qcow2", "ours.qcow2", "-O", our_options()});
  expect_clean_qcow2("ours.qcow2");
  tool({"qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", "theirs.qcow2", "ours.qcow2"});
  convert({"ours.qcow2", "again.qcow2", "-O", our_options()});
  EXPECT_EQ(sha256(work_ / "again.qcow2"), sha256(work_ / "ours.qcow2"));
}

// Each option -----------------------------------------------------------------------------------------------------

TEST_F(Convert, EachOptionGivesAnImageThatQemuTakes) {
  make_disk(40 * kMiB);
  for (const std::string options :
       {"lazy_refcounts=true", "preallocation=metadata", "preallocation=falloc", "preallocation=full", "dedup=true",
        "refcount_bits=1", "refcount_bits=64,codec=zstd,level=9", "data_file=data.raw,data_file_raw=true"}) {
    SCOPED_TRACE(options);
    convert({"disk.img", "new.qcow2", "-O", options});
    expect_clean_qcow2("new.qcow2");
    expect_same_disk("new.qcow2", "disk.img");
    convert({"new.qcow2", "back.img"});
    tool({"cmp", "back.img", "disk.img"});
  }
  tool({"cmp", "data.raw", "disk.img"});
}

/// The bytes of an image in a format that nobody here reads are no disk that anybody meant.
TEST_F(Convert, ImagesOfForeignFormatsAreNoRawDisks) {
  FSTOOL_E2E_REQUIRE(false, {"qemu-img", "bzip2", "lz4", "xz", "cmp"});
  const std::filesystem::path disk = make_disk(4 * kMiB);
  for (const char* const format : {"vhdx", "qcow", "qed", "parallels"}) {
    tool({"qemu-img", "convert", "-f", "raw", "-O", format, disk.string(), "foreign.img"});
    EXPECT_NE(refused({"foreign.img", "out.qcow2"}).find("which no plugin reads"), std::string::npos) << format;
    EXPECT_FALSE(std::filesystem::exists(work_ / "out.qcow2")) << format;
    convert({"foreign.img", "out.img", "--format", "raw"});
    tool({"cmp", "foreign.img", "out.img"});
    std::filesystem::remove(work_ / "out.img");
  }
  for (const char* const packing : {"bzip2 -c", "lz4 -lqc", "xz --format=lzma -c"}) {
    tool({"sh", "-c", fmt::format("{} disk.img > disk.packed", packing)});
    EXPECT_NE(refused({"disk.packed", "out.qcow2"}).find("a stream of"), std::string::npos) << packing;
    EXPECT_NE(run_fstool({"check", "disk.packed"}, {.directory = work_.path()}).err.find("a stream of"),
              std::string::npos);
  }
}

TEST_F(Convert, AChainOfThreeAndWhatQemuWroteToIt) {
  make_disk(40 * kMiB);
  convert({"disk.img", "base.qcow2", "-O", "codec=deflate"});
  tool({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", "middle.qcow2"});
  tool({"qemu-io", "-c", "write -P 7 1M 3M", "-c", "discard 2M 64k", "-c", "write -z 10M 1M", "middle.qcow2"});
  tool({"qemu-img", "snapshot", "-c", "before", "middle.qcow2"});
  tool({"qemu-io", "-c", "write -P 9 20M 1M", "middle.qcow2"});
  tool({"qemu-img", "convert", "-O", "raw", "middle.qcow2", "now.img"});
  tool({"qemu-img", "convert", "-l", "before", "-O", "raw", "middle.qcow2", "before.img"});

  convert({"middle.qcow2", "now-too.img"});
  tool({"cmp", "now.img", "now-too.img"});
  convert({"middle.qcow2@before", "before-too.img"});
  tool({"cmp", "before.img", "before-too.img"});

  // Only what differs from the middle one is stored.
  convert({"disk.img", "top.qcow2", "--backing", "middle.qcow2", "-O", "codec=zstd"});
  expect_clean_qcow2("top.qcow2");
  expect_same_disk("top.qcow2", "disk.img");
  EXPECT_LT(std::filesystem::file_size(work_ / "top.qcow2"), 2 * kMiB);
  convert({"top.qcow2", "back.img"});
  tool({"cmp", "back.img", "disk.img"});
}

TEST_F(Convert, TwoEqualDisksInOneTakeLittleMoreThanOne) {
  const TreeBuilder files(work_.path());
  files.file("half", 20 * kMiB, Content::Random);
  tool({"sh", "-c", "cat half half > disk.img"});
  for (const std::string codec : {"", ",codec=zstd"}) {
    convert({"disk.img", "once.qcow2", "-O", "dedup=true" + codec});
    expect_clean_qcow2("once.qcow2");
    expect_same_disk("once.qcow2", "disk.img");
    EXPECT_LT(std::filesystem::file_size(work_ / "once.qcow2"), 22 * kMiB);
  }
}

// Growing ---------------------------------------------------------------------------------------------------------

/// A disk with a GPT and an ext4 file system.
class ConvertDisk : public Convert {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(false, {"qemu-img", "sgdisk", "sfdisk", "e2fsck", "cmp", "zstd", "gzip"});
    std::mt19937_64 random(7);
    const TreeBuilder tree(work_ / "tree");
    tree.file("text", kMiB, Content::Text);
    tree.file("random", kMiB, Content::Random);
    tree.settle_times();
    write_text(work_ / "spec.toml",
               "[image]\npartition_table = \"gpt\"\nsize = \"64MiB\"\n"
               "[[partitions]]\nname = \"loader\"\ntype = \"linux\"\nsize = \"1MiB\"\n"
               "[[partitions]]\nname = \"root\"\ntype = \"linux\"\nsize = \"remaining\"\n"
               "[partitions.filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n");
    expect_fstool_builds({"run", (work_ / "spec.toml").string(), "-o", (work_ / "disk.img").string()});
  }

  void expect_sound_gpt(const std::string& raw) const {
    const std::string verdict = tool({"sgdisk", "-v", raw});
    EXPECT_NE(verdict.find("No problems found."), std::string::npos) << verdict;
    EXPECT_NE(tool({"sfdisk", "--verify", raw}).find("No errors detected."), std::string::npos);
  }
};

TEST_F(ConvertDisk, ADiskGrowsWithItsTable) {
  for (const auto& [how, size] : std::vector<std::pair<std::string, std::uint64_t>>{
           {"1GiB", kGiB}, {"+100MiB", 164 * kMiB}, {"64MiB", 64 * kMiB}}) {
    convert({"disk.img", "grown.qcow2", "--resize", how, "-O", "codec=zstd"});
    expect_clean_qcow2("grown.qcow2");
    convert({"grown.qcow2", "grown.img"});
    EXPECT_EQ(std::filesystem::file_size(work_ / "grown.img"), size);
    expect_sound_gpt("grown.img");
    const Extent root = partitions_of(work_ / "grown.img").at(1);
    expect_clean_ext4(work_ / "grown.img", root.offset);
  }
  EXPECT_NE(refused({"disk.img", "small.img", "--resize", "32MiB"}).find("can't shrink to 32 MiB"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(work_ / "small.img"));
}

TEST_F(ConvertDisk, APartitionIsAnImageOfItsOwn) {
  for (const std::string partition : {"2", "root"}) {
    convert({"disk.img:" + partition, "root.ext4"});
    expect_clean_ext4(work_ / "root.ext4");
    const Extent root = partitions_of(work_ / "disk.img").at(1);
    EXPECT_EQ(std::filesystem::file_size(work_ / "root.ext4"), root.size);
  }
  EXPECT_NE(refused({"disk.img:home", "home.ext4"}).find("there is no partition \"home\""), std::string::npos);
}

TEST_F(ConvertDisk, EndingsChooseContainerAndCodec) {
  convert({"disk.img", "a.qcow2"});
  convert({"a.qcow2", "a.img.zst"});
  convert({"a.qcow2", "a.img.gz", "-O", "level=9"});
  tool({"sh", "-c", "zstd -qdc a.img.zst | cmp - disk.img && gzip -dc a.img.gz | cmp - disk.img"});
  convert({"disk.img", "b.bin", "-O", "container=qcow2,codec=zstd"});
  expect_clean_qcow2("b.bin");
}

TEST_F(ConvertDisk, StandardOutputIsAStream) {
  const std::string fstool = FSTOOL_E2E_PROGRAM;
  tool({"sh", "-ec", fstool + " convert disk.img - | cmp - disk.img"});
  tool({"sh", "-ec", fstool + " convert disk.img -o - | cmp - disk.img"});
  tool({"sh", "-ec", fstool + " convert disk.img - -O codec=zstd | zstd -qdc | cmp - disk.img"});
  tool({"sh", "-ec", fstool + " run spec.toml -o - | cmp - disk.img"});
  EXPECT_NE(refused({"disk.img", "-", "-O", "container=qcow2"}).find("can't be written to standard output"),
            std::string::npos);
  EXPECT_NE(refused({"disk.img", "-", "--json"}).find("exclude each other"), std::string::npos);
  const ProcessResult full = run({"sh", "-c", fstool + " convert disk.img - > /dev/full"}, {.directory = work_.path()});
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_NE(full.err.find("no space left"), std::string::npos) << full.err;
}

TEST_F(ConvertDisk, StandardInputIsAnImage) {
  const std::string fstool = FSTOOL_E2E_PROGRAM;
  convert({"disk.img", "disk.qcow2", "-O", "codec=zstd"});
  convert({"disk.img", "disk.img.gz"});
  for (const std::string image : {"disk.img", "disk.qcow2", "disk.img.gz"}) {
    SCOPED_TRACE(image);
    tool({"sh", "-ec", "cat " + image + " | " + fstool + " convert -q - piped.img && cmp piped.img disk.img"});
    tool({"sh", "-ec", fstool + " convert -q - read.img < " + image + " && cmp read.img disk.img"});
    tool({"sh", "-ec", "cat " + image + " | " + fstool + " convert - - -O codec=lz4 | lz4 -dc | cmp - disk.img"});
  }
  // What comes from nowhere opens no file of the host.
  tool({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "disk.qcow2", "-F", "qcow2", "top.qcow2"});
  const ProcessResult result =
      run({"sh", "-c", "cat top.qcow2 | " + fstool + " convert - x.img"}, {.directory = work_.path()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("only opened for an image that is a file of its own"), std::string::npos) << result.err;
}

TEST_F(ConvertDisk, EveryContainerToEveryOther) {
  Command endings = {"img",     "qcow2",  "vhd",    "vdi",     "vmdk",    "simg",
                     "img.zst", "img.gz", "img.xz", "img.lz4", "qcow2.gz"};
  std::string before = "disk.img";
  endings.emplace_back("img");
  for (const std::string& ending : endings) {
    const std::string after = "next." + ending;
    if (ending == "qcow2.gz") {
      tool({"sh", "-c", "gzip -c < next.qcow2 > next.qcow2.gz"});
    } else {
      convert({before, after});
    }
    before = after;
  }
  tool({"cmp", "next.img", "disk.img"});
}

TEST_F(ConvertDisk, WhatIsNoChoiceIsTold) {
  EXPECT_NE(refused({"disk.img", "x.qcow2", "-O", "cluster_siz=4096"}).find("did you mean \"cluster_size\"?"),
            std::string::npos);
  EXPECT_NE(refused({"disk.img", "x.qcow2", "-O", "level=3"}).find("unknown option \"level\""), std::string::npos);
  EXPECT_NE(refused({"disk.img", "x.img", "--backing", "disk.img"}).find("unknown option \"backing_file\""),
            std::string::npos);
  EXPECT_NE(refused({"disk.img", "x.qcow2", "--resize", "large"}).find("is not a size"), std::string::npos);
  EXPECT_NE(refused({"absent.img", "x.qcow2"}).find("absent.img does not exist"), std::string::npos);
  EXPECT_NE(refused({"disk.img", "x.qcow2", "-O", "codec=gzip"}).find("choose deflate or zstd"), std::string::npos);
  EXPECT_NE(refused({"disk.img"}).find("the output"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(work_ / "x.qcow2"));
}

TEST_F(ConvertDisk, AnImageCanReplaceItself) {
  const std::string before = sha256(work_ / "disk.img");
  convert({"disk.img", "disk.qcow2"});
  convert({"disk.qcow2", "disk.qcow2", "-O", "codec=zstd"});
  expect_clean_qcow2("disk.qcow2");
  convert({"disk.qcow2", "back.img"});
  EXPECT_EQ(sha256(work_ / "back.img"), before);
}

TEST_F(ConvertDisk, PlansAndReports) {
  const ProcessResult planned = run_fstool({"convert", "disk.img", "new.qcow2", "--plan"}, {.directory = work_.path()});
  EXPECT_EQ(planned.exit_code, 0);
  EXPECT_EQ(planned.out.find("gpt disk with 2 partitions, 64 MiB, in qcow2\n"), 0U) << planned.out;
  EXPECT_FALSE(std::filesystem::exists(work_ / "new.qcow2"));
  const ProcessResult done = run_fstool({"convert", "disk.img:2", "new.qcow2"}, {.directory = work_.path()});
  EXPECT_NE(done.out.find("; disk, 61 MiB; "), std::string::npos) << done.out;
}

TEST_F(Convert, MemoryIsBoundedHoweverLargeTheDisk) {
  if (!kMemoryIsComparable) GTEST_SKIP() << "sanitizers take memory of their own";
  const TreeBuilder files(work_.path());
  files.file("disk.img", 600 * kMiB, Content::Random);
  const ProcessResult result =
      run_fstool({"convert", "disk.img", "new.qcow2", "-O", "codec=zstd,cluster_size=512", "--no-sync"},
                 {.directory = work_.path()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_LT(result.peak_memory, 64 * kMiB);
}

}  // namespace
}  // namespace fstool::e2e

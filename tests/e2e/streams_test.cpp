// Images in compressed streams: other people's tools read what fstool compresses, and fstool reads what they compress.
// FSTOOL_FULL=1 in the environment adds more ways of compressing.

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

/// A disk with two partitions; the second has an ext4 file system.
class Streams : public testing::Test {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(false, {"zstd", "gzip", "xz", "lz4"});
    tree_.directory("etc");
    tree_.file("etc/text", 300'000, Content::Text);
    tree_.file("etc/random", 800'000, Content::Random);
    tree_.file("hello", "hello\n");
    tree_.settle_times();
    write_text(work_ / "spec.toml",
               "[image]\npartition_table = \"gpt\"\nsize = \"16MiB\"\n"
               "[[partitions]]\nname = \"loader\"\ntype = \"linux\"\nsize = \"1MiB\"\n"
               "[[partitions]]\nname = \"root\"\ntype = \"linux\"\nsize = \"12MiB\"\n"
               "[partitions.filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n");
    build("disk.img");
  }

  std::string path(const std::string& name) const { return (work_ / name).string(); }

  void build(const std::string& name, const std::string& before = "") const {
    write_text(work_ / "with.toml", before + read_text(work_ / "spec.toml"));
    expect_success({FSTOOL_E2E_PROGRAM, "run", path("with.toml"), "-o", path(name), "-q"});
  }

  void shell(const std::string& command) const { expect_success({"sh", "-ec", command}, {.directory = work_.path()}); }

  /// What the command prints, which has to succeed without a word on standard error.
  std::string fstool(const Command& arguments) const {
    const ProcessResult result = run_fstool(arguments);
    EXPECT_EQ(result.exit_code, 0) << to_string(arguments) << '\n' << result.output();
    EXPECT_EQ(result.err, "") << to_string(arguments);
    return result.out;
  }

  std::string failure(const Command& arguments) const {
    const ProcessResult result = run_fstool(arguments);
    EXPECT_EQ(result.exit_code, 1) << to_string(arguments) << '\n' << result.output();
    return result.err;
  }

  nlohmann::json info(const std::string& name) const {
    return nlohmann::json::parse(fstool({"info", path(name), "--json"}));
  }

  /// All commands that read see the disk as it is in the raw image.
  void expect_disk(const std::string& name, const std::string& codec) const {
    SCOPED_TRACE(name);
    const std::string image = path(name);
    EXPECT_EQ(fstool({"ls", "-l", image + ":2", "/etc"}), fstool({"ls", "-l", path("disk.img:2"), "/etc"}));
    EXPECT_EQ(fstool({"cat", image + ":root", "/hello"}), "hello\n");
    EXPECT_EQ(fstool({"diff", image + ":2", path("tree")}), "");
    const nlohmann::json report = info(name);
    EXPECT_EQ(report.at("stream").at("codec"), codec);
    EXPECT_EQ(report.at("stream").at("compressed_size"), fs::file_size(image));
    EXPECT_EQ(report.at("virtual_size"), 16 << 20);
    const std::string checked = fstool({"check", image});
    EXPECT_TRUE(checked.starts_with(codec + ": ok\n")) << checked;
    EXPECT_NE(checked.find("ext4: ok\n"), std::string::npos) << checked;
  }

  const TempDir work_;
  const TreeBuilder tree_{work_ / "tree"};
};

struct Kind {
  const char* ending;
  const char* codec;
  const char* decompress;
  const char* options;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.codec << ' ' << kind.options; }

class OurStream : public Streams, public testing::WithParamInterface<Kind> {};

std::vector<Kind> our_kinds() {
  std::vector<Kind> kinds = {
      {"zst", "zstd", "zstd -qdc", ""},
      {"gz", "gzip", "gzip -dc", ""},
      {"xz", "xz", "xz -dc", "level = 0\n"},
      {"lz4", "lz4", "lz4 -qdc", ""},
  };
  if (is_full_run()) {
    kinds.insert(kinds.end(), {{"zst", "zstd", "zstd -qdc", "level = 19\nlong = 24\n"},
                               {"zst", "zstd", "zstd -qdc", "level = -7\nchecksum = false\n"},
                               {"gz", "gzip", "gzip -dc", "level = 9\n"},
                               {"xz", "xz", "xz -dc", "level = 9\ncheck = \"sha256\"\nextreme = true\n"},
                               {"xz", "xz", "xz -dc", "level = 3\ncheck = \"none\"\n"},
                               {"lz4", "lz4", "lz4 -qdc", "level = 12\nblock_size = \"64KiB\"\n"},
                               {"lz4", "lz4", "lz4 -qdc", "level = -5\nchecksum = false\n"}});
  }
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(Streams, OurStream, testing::ValuesIn(our_kinds()));

TEST_P(OurStream, IsReadByTheToolAndByFstool) {
  const Kind& kind = GetParam();
  const std::string name = std::string("disk.img.") + kind.ending;
  // The ending alone chooses the codec, with its default options.
  build(name, *kind.options == '\0' ? "" : std::string("[codec]\ntype = \"") + kind.codec + "\"\n" + kind.options);
  shell(std::string(kind.decompress) + " " + name + " | cmp - disk.img");
  expect_disk(name, kind.codec);
}

TEST_F(Streams, TheBytesDoNotDependOnTheNumberOfThreads) {
  for (const std::string ending : {"zst", "gz", "xz", "lz4"}) {
    std::string before;
    for (const char* const threads : {"1", "3"}) {
      expect_success(
          {FSTOOL_E2E_PROGRAM, "run", path("spec.toml"), "-o", path("t.img." + ending), "-q", "--threads", threads});
      const std::string now = read_text(path("t.img." + ending));
      EXPECT_TRUE(before.empty() || now == before) << ending;
      before = now;
    }
  }
}

TEST_F(Streams, WhateverToolMadeThem) {
  std::vector<std::pair<std::string, std::string>> commands = {
      {"zstd", "zstd -q -1 disk.img -o"}, {"zstd", "zstd -q -1 - < disk.img >"}, {"gzip", "gzip -1c disk.img >"},
      {"xz", "xz -0c disk.img >"},        {"xz", "xz -0c -T2 disk.img >"},       {"lz4", "lz4 -q disk.img"},
  };
  if (is_full_run()) {
    commands.insert(commands.end(), {{"zstd", "zstd -q --ultra -22 --long=27 - < disk.img >"},
                                     {"gzip", "gzip -9c disk.img >"},
                                     {"xz", "xz -0c --block-size=1MiB --check=sha256 disk.img >"},
                                     {"lz4", "lz4 -q --content-size -9 -BD disk.img"}});
  }
  for (const auto& [codec, command] : commands) {
    fs::remove(work_ / "theirs");
    shell(command + " theirs");
    expect_disk("theirs", codec);
  }
}

TEST_F(Streams, AStreamOfSeveralPartsIsReadByParts) {
  shell("split -b 5M disk.img part. && for p in part.??; do zstd -q -1 $p; done && cat part.??.zst > parts.zst");
  expect_disk("parts.zst", "zstd");
  EXPECT_EQ(info("parts.zst").at("stream").at("frames"), 4);
  EXPECT_EQ(info("parts.zst").at("stream").at("random_access"), true);
}

TEST_F(Streams, AContainerMayBeInside) {
  build("disk.qcow2");
  shell("gzip -k disk.qcow2 && zstd -q disk.qcow2");
  for (const auto& [name, codec] :
       {std::pair<std::string, std::string>{"disk.qcow2.gz", "gzip"}, {"disk.qcow2.zst", "zstd"}}) {
    expect_disk(name, codec);
    EXPECT_EQ(info(name).at("container"), "qcow2");
  }
}

TEST_F(Streams, AreSourcesOfOtherImages) {
  build("disk.img.zst");
  shell("gzip -1c disk.img > theirs");
  const auto built = [&](const std::string& source) {
    expect_success({FSTOOL_E2E_PROGRAM, "create", "-t", "ext4", path(source), "-o", path("new.ext4"), "-q"});
    return sha256(work_ / "new.ext4");
  };
  const std::string expected = built("disk.img:2");
  EXPECT_EQ(built("disk.img.zst:2"), expected);
  EXPECT_EQ(built("theirs:root"), expected);
  EXPECT_EQ(fstool({"hash", path("disk.img.zst")}).substr(0, 64), fstool({"hash", path("disk.img")}).substr(0, 64));
}

TEST_F(Streams, ACompressedArchiveIsStillATree) {
  shell("tar -czf tree.tar.gz -C tree . && tar -cf - -C tree . | xz -0 > tree.tar.xz");
  for (const std::string name : {"tree.tar.gz", "tree.tar.xz"}) {
    EXPECT_EQ(fstool({"cat", path(name), "/hello"}), "hello\n") << name;
  }
}

TEST_F(Streams, FormatSaysWhatTheFileIs) {
  build("disk.img.zst");
  EXPECT_EQ(fstool({"cat", "--format", "zstd,raw", path("disk.img.zst:2"), "/hello"}), "hello\n");
  EXPECT_EQ(fstool({"cat", "--format", "ext4", path("disk.img.zst:2"), "/hello"}), "hello\n");
  EXPECT_NE(failure({"cat", "--format", "raw", path("disk.img.zst:2"), "/hello"}).find("has no partition table"),
            std::string::npos);
  EXPECT_NE(failure({"cat", "--format", "deflate", path("disk.img.zst:2"), "/hello"}).find("has no streams"),
            std::string::npos);
}

TEST_F(Streams, MapNamesTheStream) {
  build("disk.img.zst");
  EXPECT_TRUE(fstool({"map", path("disk.img.zst")}).starts_with("disk.img.zst: zstd stream, gpt disk, 16 MiB\n"));
  EXPECT_EQ(nlohmann::json::parse(fstool({"map", path("disk.img.zst"), "--json"})).at("stream"), "zstd");
}

/// Changes a byte of a file.
void damage(const fs::path& path, std::uint64_t offset) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekg(static_cast<std::streamoff>(offset));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(static_cast<char>(byte ^ 1));
}

TEST_F(Streams, CheckNamesTheDamagedFrame) {
  for (const std::string ending : {"zst", "gz", "xz", "lz4"}) {
    const std::string name = "disk.img." + ending;
    build(name);
    // In the middle of a file of random bytes, which is most of the image.
    damage(work_ / name, fs::file_size(work_ / name) / 2);
    const ProcessResult result = run_fstool({"check", path(name)});
    EXPECT_EQ(result.exit_code, 1) << name;
    EXPECT_NE(result.out.find(": 1 problem\n  frame "), std::string::npos) << result.output();
  }
  shell("gzip -1c disk.img > theirs");
  damage(work_ / "theirs", fs::file_size(work_ / "theirs") / 2);
  EXPECT_NE(run_fstool({"check", path("theirs")}).out.find("gzip: 1 problem\n"), std::string::npos);
}

TEST_F(Streams, WhatIsCutOffOrFollowedByOtherBytesIsAnError) {
  for (const std::string ending : {"zst", "gz", "xz", "lz4"}) {
    build("disk.img." + ending);
    shell("head -c -1000 disk.img." + ending + " > cut && cp disk.img." + ending + " long && echo garbage >> long");
    const std::string cut = failure({"ls", path("cut:2"), "/"});
    EXPECT_NE(cut.find("cut off"), std::string::npos) << ending << ": " << cut;
    const std::string followed = failure({"ls", path("long:2"), "/"});
    EXPECT_NE(followed.find("at byte "), std::string::npos) << ending << ": " << followed;
  }
}

TEST_F(Streams, ASeekTableThatLiesIsWarnedOf) {
  build("disk.img.zst");
  // The size of the first frame, in the table of 4 entries at the end.
  damage(work_ / "disk.img.zst", fs::file_size(work_ / "disk.img.zst") - 9 - 4 * 8 + 4);
  const ProcessResult result = run_fstool({"cat", path("disk.img.zst:2"), "/hello"});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_EQ(result.out, "hello\n");
  EXPECT_NE(result.err.find("the seek table of the zstd stream is wrong"), std::string::npos) << result.err;
  EXPECT_EQ(run_fstool({"cat", "--strict", path("disk.img.zst:2"), "/hello"}).exit_code, 1);
  EXPECT_EQ(run_fstool({"check", path("disk.img.zst")}).exit_code, 1);
}

TEST_F(Streams, ABombTakesNeitherMemoryNorDisk) {
  shell("head -c 256M /dev/zero | zstd -q -1 > zeros.zst");
  const ProcessResult zeros = run_fstool({"info", path("zeros.zst")}, {.environment = {{"TMPDIR", "/nowhere"}}});
  EXPECT_EQ(zeros.exit_code, 0) << "zeros need no temporary file: " << zeros.output();
  if (kMemoryIsComparable) {
    EXPECT_LE(zeros.peak_memory, 64U << 20U);
  }

  shell("head -c 80M /dev/zero | tr '\\000' x | zstd -q -1 > letters.zst");
  const ProcessResult letters = run_fstool({"info", path("letters.zst")}, {.environment = {{"TMPDIR", "/nowhere"}}});
  EXPECT_EQ(letters.exit_code, 1);
  EXPECT_NE(letters.err.find("/nowhere (TMPDIR chooses another place)"), std::string::npos) << letters.err;
}

TEST_F(Streams, ATemporaryFileLeavesRoomForOthers) {
  FSTOOL_E2E_REQUIRE(true, {"mount"});
  const Mount small("none", "tmpfs", Access::ReadWrite, "size=200m");
  shell("head -c 80M /dev/zero | tr '\\000' x | zstd -q -1 > letters.zst");
  const ProcessResult result =
      run_fstool({"info", path("letters.zst")}, {.environment = {{"TMPDIR", small.path().string()}}});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("of its file system are free, and 256 MiB are left to others"), std::string::npos)
      << result.err;
}

}  // namespace
}  // namespace fstool::e2e

// Layers: what is built of several sources holds what other programs make of them, the kernel's overlayfs among them;
// parts of sources go where they should; and "fstool repack" makes anything of anything.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"
#include "harness/tree_comparison.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kFailure = 1;
constexpr int kUsage = 2;

/// A tar of all that is in a directory, as GNU tar makes it, nothing left out.
void make_tar(const fs::path& tar, const fs::path& directory) {
  expect_success({"tar", "--create", "--format=pax", "--xattrs", "--xattrs-include=*", "--numeric-owner", "--file",
                  tar.string(), "--directory", directory.string(), "."});
}

void unpack(const fs::path& tar, const fs::path& directory) {
  fs::create_directories(directory);
  expect_success({"tar", "--extract", "--preserve-permissions", "--xattrs", "--xattrs-include=*", "--numeric-owner",
                  "--file", tar.string(), "--directory", directory.string()});
}

/// The files of an image are those of a directory, and nothing else.
void expect_holds(const fs::path& image, const fs::path& expected) {
  expect_clean_ext4(image);
  expect_mounted_equals(image, expected);
}

class Layers : public testing::Test {
 protected:
  void SetUp() override { FSTOOL_E2E_REQUIRE(true, {"tar", "e2fsck", "cp", "zstd"}); }

  std::string at(const std::string& name) const { return (work_ / name).string(); }

  /// What `fstool run` makes of a source; `source` is TOML, with paths relative to the test's directory.
  fs::path build(const std::string& source) const {
    write_text(work_ / "spec.toml", "[filesystem]\ntype = \"ext4\"\n" + source + "\n");
    expect_fstool_builds({"run", at("spec.toml"), "-o", at("built.ext4")});
    return at("built.ext4");
  }

  /// A copy of a tree with everything that belongs to it.
  TreeBuilder copy(const std::string& from, const std::string& to) const {
    expect_success({"cp", "--archive", at(from), at(to)});
    return TreeBuilder(work_ / to);
  }

  const TempDir work_;
};

TEST_F(Layers, ABaseAPatchAndAGraft) {
  const TreeBuilder base(work_ / "base");
  build_odd_root_tree(base);
  base.file("etc/old", "gone in the end");
  base.file("opt/old/file", "hidden by a whiteout of its directory");
  base.settle_times();
  make_tar(work_ / "base.tar", work_ / "base");

  const TreeBuilder patch(work_ / "patch");
  patch.file("etc/passwd", "root:x:0:0\nuser:x:1:1\n");
  patch.file("etc/.wh.old", "");
  patch.file(".wh.opt", "");
  patch.file("empty directory/.wh..wh..opq", "");
  patch.file("deep/one more", "");
  patch.mode("etc", 0700);
  patch.settle_times();
  make_tar(work_ / "patch.tar", work_ / "patch");

  const TreeBuilder extra(work_ / "extra");
  extra.file("bin/tool", "#!/bin/sh\n");
  extra.mode("bin/tool", 0755);
  extra.settle_times();

  const fs::path image = build("source = [\"base.tar\", \"patch.tar\", { path = \"extra\", to = \"/usr/extra\" }]");

  // What people would do by hand.
  const TreeBuilder expected = copy("base", "expected");
  fs::remove(work_ / "expected/etc/old");
  fs::remove_all(work_ / "expected/opt");
  unpack(work_ / "patch.tar", work_ / "expected");
  for (const char* const marker : {"etc/.wh.old", ".wh.opt", "empty directory/.wh..wh..opq"}) {
    fs::remove(work_ / "expected" / marker);
  }
  expected.directory("usr");
  expect_success({"cp", "--archive", at("extra"), at("expected/usr/extra")});
  // Directories keep the times that layers give them; the one that nothing describes has the graft's.
  for (const char* const path : {".", "etc", "deep", "empty directory"}) {
    expect_success({"touch", "--no-dereference", "--reference", (work_ / "patch" / path).string(),
                    (work_ / "expected" / path).string()});
  }
  expect_success({"touch", "--reference", at("extra"), at("expected/usr")});
  expect_holds(image, work_ / "expected");
}

TEST_F(Layers, HardLinksLeadToFilesOfLayersBelow) {
  const TreeBuilder tree(work_ / "tree");
  tree.file("d/one", "text");
  tree.hard_link("two", "d/one");
  tree.file("three", "old");
  tree.settle_times();
  make_tar(work_ / "base.tar", work_ / "tree");
  tree.hard_link("d/four", "d/one");
  // Of the second layer only the new name is left, and what became of the first one.
  expect_success(
      {"tar", "--create", "--format=pax", "--file", at("patch.tar"), "--directory", at("tree"), "d/one", "d/four"});
  expect_success({"tar", "--delete", "--file", at("patch.tar"), "d/one"});
  const fs::path image = build("source = [\"base.tar\", \"patch.tar\"]");
  tree.settle_times();
  expect_clean_ext4(image);
  const LoopMount mounted(image, Access::ReadOnly);
  struct stat status {};
  ASSERT_EQ(::lstat((mounted.path() / "d/four").c_str(), &status), 0);
  EXPECT_EQ(status.st_nlink, 3U);
  EXPECT_EQ(read_text(mounted.path() / "d/four"), "text");
}

TEST_F(Layers, WhatAnOverlayfsShowsIsWhatItsLayersMake) {
  // An overlay needs directories that can be its upper layer, which those of another overlay can't.
  const Mount scratch("none", "tmpfs", Access::ReadWrite, "size=64m");
  const TreeBuilder lower(scratch.path() / "lower");
  lower.file("etc/passwd", "root\n");
  lower.file("etc/gone", "");
  lower.file("usr/lib/a", "a");
  lower.file("usr/lib/b", "b");
  lower.file("usr/share/x/y", "y");
  lower.file("file becomes a directory", "");
  lower.file("directory becomes a file/x", "");
  lower.symlink("lib", "usr/lib");
  lower.special("null", S_IFCHR, makedev(1, 3));
  lower.mode("usr", 0711);
  for (const char* const name : {"upper", "work"}) TreeBuilder(scratch.path() / name).mode(".", 0755);
  lower.settle_times();
  {
    const Mount overlay("overlay", "overlay", Access::ReadWrite,
                        fmt::format("lowerdir={0}/lower,upperdir={0}/upper,workdir={0}/work", scratch.path().string()));
    const TreeBuilder merged(overlay.path());
    fs::remove(overlay.path() / "etc/gone");
    fs::remove(overlay.path() / "null");
    fs::remove_all(overlay.path() / "usr/share");
    merged.file("usr/share/new/z", "opaque, since it was there before");
    merged.xattr("usr/share", "trusted.kept", "1");
    fs::remove_all(overlay.path() / "usr/lib/b");
    merged.file("usr/lib/c", "c");
    fs::remove(overlay.path() / "file becomes a directory");
    merged.file("file becomes a directory/x", "");
    fs::remove_all(overlay.path() / "directory becomes a file");
    merged.file("directory becomes a file", "");
    merged.owner("etc/passwd", 3, 4);
    merged.file("lib/through the link", "");
    merged.mode("usr/lib", 0750);
    expect_fstool_builds({"create", "-t", "ext4", (scratch.path() / "lower").string(),
                          (scratch.path() / "upper").string(), "-o", at("merged.ext4")});
    expect_holds(work_ / "merged.ext4", overlay.path());
    // The same from archives of the layers, which have the markers as devices and attributes.
    for (const char* const name : {"lower", "upper"})
      make_tar(work_ / (std::string(name) + ".tar"), scratch.path() / name);
    expect_fstool_builds({"create", "-t", "ext4", at("lower.tar"), at("upper.tar"), "-o", at("archives.ext4")});
    EXPECT_EQ(sha256(work_ / "archives.ext4"), sha256(work_ / "merged.ext4"));
  }
}

TEST_F(Layers, PartsOfAnImageGoAnywhere) {
  const TreeBuilder tree(work_ / "tree");
  tree.file("boot/kernel", "kernel");
  tree.file("boot/config", "config");
  tree.file("etc/x", "x");
  tree.settle_times();
  expect_fstool_builds({"create", "-t", "ext4", at("tree"), "-o", at("old.ext4")});
  write_text(work_ / "plain", "no image");
  build(
      "source = [{ path = \"old.ext4\", from = \"/boot\" }, { path = \"old.ext4\", from = \"/etc/x\", to = \"/a/b\" }, "
      "{ path = \"plain\", to = \"/c/\" }, { path = \"old.ext4\", type = \"file\", to = \"/d\" }]");
  const LoopMount mounted(work_ / "built.ext4", Access::ReadOnly);
  EXPECT_EQ(read_text(mounted.path() / "kernel"), "kernel");
  EXPECT_EQ(read_text(mounted.path() / "config"), "config");
  EXPECT_EQ(read_text(mounted.path() / "a/b"), "x");
  EXPECT_EQ(read_text(mounted.path() / "c/plain"), "no image");
  EXPECT_EQ(sha256(mounted.path() / "d"), sha256(work_ / "old.ext4"));
}

TEST_F(Layers, ARunIsRepeatedWhenAnyLayerChanges) {
  TreeBuilder(work_ / "one").file("a", "1");
  TreeBuilder(work_ / "two").file("b", "2");
  make_tar(work_ / "one.tar", work_ / "one");
  write_text(work_ / "three", "3");
  write_text(work_ / "spec.toml",
             "[filesystem]\ntype = \"ext4\"\nsource = [\"one.tar\", \"two\", { path = \"three\", to = \"/c\" }]\n");
  const auto is_unchanged = [&] {
    const Command command = {FSTOOL_E2E_PROGRAM, "run",       at("spec.toml"), "-o",    at("x.ext4"),
                             "--if-changed",     "--depfile", at("x.d"),       "--json"};
    return Json::parse(expect_success(command))["unchanged"].get<bool>();
  };
  EXPECT_FALSE(is_unchanged());
  EXPECT_TRUE(is_unchanged());
  const std::string rule = read_text(work_ / "x.d");
  for (const char* const name : {"one.tar", "two", "three"}) EXPECT_NE(rule.find(at(name)), std::string::npos) << rule;
  TreeBuilder(work_ / "two").file("b", "changed");
  EXPECT_FALSE(is_unchanged());
  EXPECT_TRUE(is_unchanged());
  fs::permissions(work_ / "three", fs::perms::owner_all);
  EXPECT_FALSE(is_unchanged());
  write_text(work_ / "three", "4");
  EXPECT_FALSE(is_unchanged());
  make_tar(work_ / "one.tar", work_ / "two");
  EXPECT_FALSE(is_unchanged());
  EXPECT_TRUE(is_unchanged());
}

// --- Standard input -------------------------------------------------------------------------------------------------

class StandardInput : public Layers {
 protected:
  void SetUp() override {
    Layers::SetUp();
    const TreeBuilder tree(work_ / "tree");
    build_odd_root_tree(tree);
    tree.settle_times();
    make_tar(work_ / "tree.tar", work_ / "tree");
    expect_fstool_builds({"create", "-t", "ext4", at("tree.tar"), "-o", at("expected.ext4")});
  }

  /// Runs a shell's pipeline in which $0 is fstool.
  ProcessResult shell(const std::string& line) const {
    return run({"sh", "-c", line, FSTOOL_E2E_PROGRAM},
               {.directory = work_.path(), .environment = {{"FSTOOL_PLUGIN_PATH", FSTOOL_E2E_PLUGINS}}});
  }

  void expect_same_from(const std::string& line) const {
    const ProcessResult result = shell(line + " -o piped.ext4 --quiet");
    EXPECT_EQ(result.exit_code, 0) << line << '\n' << result.output();
    EXPECT_EQ(result.output(), "");
    EXPECT_EQ(sha256(work_ / "piped.ext4"), sha256(work_ / "expected.ext4")) << line;
  }
};

TEST_F(StandardInput, HoldsWhatAFileWould) {
  expect_same_from("cat tree.tar | $0 create -t ext4 -");
  expect_same_from("$0 create -t ext4 - < tree.tar");
  expect_same_from("zstd -q -c tree.tar | $0 create -t ext4 -");
  expect_same_from("cat expected.ext4 | $0 create -t ext4 -");
  write_text(work_ / "spec.toml", "[filesystem]\ntype = \"ext4\"\nsource = \"-\"\n");
  expect_same_from("cat tree.tar | $0 run spec.toml");
  write_text(work_ / "typed.toml", "[filesystem]\ntype = \"ext4\"\nsource = { path = \"-\", type = \"tar\" }\n");
  expect_same_from("cat tree.tar | $0 run typed.toml");
}

TEST_F(StandardInput, IsALayerOrAFile) {
  ProcessResult result =
      shell("echo text | $0 create -t ext4 - -o x.ext4 --quiet -S to=/new/file && $0 cat x.ext4 /new/file");
  EXPECT_EQ(result.output(), "text\n");
  result = shell("cat tree.tar | $0 repack - tree.tar x.ext4 --quiet && $0 diff x.ext4 tree.tar");
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_EQ(result.output(), "");
  result = shell("echo text | $0 create -t ext4 - -o y.ext4 -S to=/new/");
  EXPECT_EQ(result.exit_code, kFailure);
  EXPECT_NE(result.err.find("-S to=/new/: standard input has no name"), std::string::npos) << result.err;
}

TEST_F(StandardInput, IsReadOnceAndNeverRemembered) {
  ProcessResult result = shell("cat tree.tar | $0 create -t ext4 - - -o x.ext4");
  EXPECT_EQ(result.exit_code, kFailure);
  EXPECT_NE(result.err.find("standard input is a source already"), std::string::npos) << result.err;
  write_text(work_ / "spec.toml", "[filesystem]\ntype = \"ext4\"\nsource = [\"tree\", \"-\"]\n");
  for (const char* const command : {"create -t ext4 -", "repack - tree.tar", "run spec.toml"}) {
    result = shell(fmt::format("cat tree.tar | $0 {} -o x.ext4 --if-changed", command));
    EXPECT_EQ(result.exit_code, kUsage) << command;
    EXPECT_NE(result.err.find("--if-changed and standard input exclude each other"), std::string::npos) << result.err;
  }
  EXPECT_FALSE(fs::exists(work_ / "x.ext4"));
}

/// What a service manager sends once. It is sent when the program has its handlers, however long that takes.
TEST_F(StandardInput, ThatNeverComesDoesNotHoldASignalUp) {
  const ProcessResult result = shell(R"(
mkfifo quiet
exec 3<>quiet
$0 create -t ext4 - -o x.ext4 <&3 &
until [ $((0x$(sed -n 's/^SigCgt:[[:space:]]*//p' /proc/$!/status) & 1 << 14)) != 0 ]; do sleep 0.1; done
sleep 0.5
kill -TERM $!
timeout 60 tail --pid=$! -f /dev/null || kill -KILL $!
wait $!)");
  EXPECT_EQ(result.exit_code, kFailure) << result.output();  // 137 if the program had to be killed
  EXPECT_NE(result.err.find("cancelled"), std::string::npos) << result.err;
  EXPECT_FALSE(fs::exists(work_ / "x.ext4"));
}

TEST_F(StandardInput, ThatIsNothingIsRefused) {
  for (const char* const line : {"$0 create -t ext4 - < /dev/null", "echo text | $0 create -t ext4 -"}) {
    const ProcessResult result = shell(std::string(line) + " -o x.ext4");
    EXPECT_EQ(result.exit_code, kFailure) << line;
    EXPECT_NE(result.err.find("standard input"), std::string::npos) << result.err;
  }
  EXPECT_FALSE(fs::exists(work_ / "x.ext4"));
}

// --- fstool repack --------------------------------------------------------------------------------------------------

class Repack : public Layers {
 protected:
  void SetUp() override {
    Layers::SetUp();
    const TreeBuilder tree(work_ / "tree");
    tree.file("etc/passwd", "root\n");
    tree.file("data", 300'000, Content::Text);
    tree.symlink("link", "data");
    tree.hard_link("etc/again", "data");
    tree.settle_times(Precision::Seconds);
    make_tar(work_ / "tree.tar", work_ / "tree");
  }

  void repack(Command arguments) const {
    arguments.insert(arguments.begin(), "repack");
    expect_fstool_builds(arguments);
  }

  ProcessResult refused(Command arguments, int exit_code) const {
    arguments.insert(arguments.begin(), "repack");
    ProcessResult result = run_fstool(arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.output();
    return result;
  }
};

TEST_F(Repack, TheEndingChoosesWhatIsMade) {
  FSTOOL_E2E_REQUIRE(true, {"qemu-img", "fsck.vfat", "file"});
  repack({at("tree"), at("a.ext4")});
  expect_holds(work_ / "a.ext4", work_ / "tree");
  repack({at("tree.tar"), at("a.img")});
  EXPECT_EQ(sha256(work_ / "a.img"), sha256(work_ / "a.ext4"));
  repack({at("a.ext4"), at("a.qcow2")});
  expect_success({"qemu-img", "convert", "-O", "raw", at("a.qcow2"), at("converted.img")});
  EXPECT_EQ(sha256(work_ / "converted.img"), sha256(work_ / "a.ext4"));
  repack({at("a.qcow2"), at("a.tar.zst")});
  expect_success({"zstd", "-q", "-d", at("a.tar.zst"), "-o", at("a.tar")});
  unpack(work_ / "a.tar", work_ / "unpacked");
  EXPECT_EQ(tree_differences(work_ / "tree", work_ / "unpacked"), std::vector<std::string>());
  repack({at("tree.tar"), at("a.ext2.zst")});
  expect_success({"zstd", "-q", "-d", at("a.ext2.zst"), "-o", at("a.ext2")});
  EXPECT_EQ(ext4_fields(work_ / "a.ext2").contains("Journal inode"), false);
  fs::remove(work_ / "tree/link");
  fs::remove(work_ / "tree/etc/again");
  repack({at("tree"), at("esp.vfat"), "--size", "4MiB"});
  expect_success({"fsck.vfat", "-n", at("esp.vfat")});
  repack({at("tree"), at("again.tgz")});
  EXPECT_NE(expect_success({"file", "--brief", at("again.tgz")}).find("gzip"), std::string::npos);
}

TEST_F(Repack, SourcesAreLayersWithOptions) {
  const TreeBuilder patch(work_ / "patch");
  patch.file("etc/passwd", "patched\n");
  patch.file(".wh.link", "");
  repack({at("tree.tar"), at("patch"), at("both.tar")});
  EXPECT_EQ(expect_success({"tar", "-xOf", at("both.tar"), "etc/passwd"}), "patched\n");
  const std::string names = expect_success({"tar", "-tf", at("both.tar")});
  EXPECT_EQ(names.find("link"), std::string::npos) << names;
  EXPECT_EQ(names.find(".wh."), std::string::npos) << names;
  repack({"-o", at("part.tar"), at("tree.tar"), "-S", "from=/etc", "-S", "to=/opt/etc"});
  EXPECT_EQ(expect_success({"tar", "-xOf", at("part.tar"), "opt/etc/passwd"}), "root\n");
  repack({at("tree"), at("sized.ext4"), "--size", "32MiB", "-O", "volume_label=ROOT", "--seed", "s"});
  EXPECT_EQ(fs::file_size(work_ / "sized.ext4"), std::uint64_t{32} << 20U);
  EXPECT_EQ(ext4_fields(work_ / "sized.ext4")["Filesystem volume name"], "ROOT");
}

TEST_F(Repack, APartitionOfADiskIsASource) {
  FSTOOL_E2E_REQUIRE(true, {"sfdisk"});
  write_text(work_ / "disk.toml",
             "[image]\npartition_table = \"gpt\"\n[[partitions]]\nname = \"root\"\ntype = \"linux\"\n"
             "[partitions.filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n");
  expect_fstool_builds({"run", at("disk.toml"), "-o", at("disk.qcow2")});
  repack({at("disk.qcow2") + ":root", at("root.ext4")});
  expect_holds(work_ / "root.ext4", work_ / "tree");
}

TEST_F(Repack, RefusesWhatItCannotDo) {
  fs::create_hard_link(work_ / "tree.tar", work_ / "hard.tar");
  const std::string before = sha256(work_ / "tree.tar");
  for (const char* const output : {"tree.tar", "hard.tar"}) {
    EXPECT_NE(refused({at("tree"), at("tree.tar"), at(output)}, kFailure).err.find("is the source itself"),
              std::string::npos);
  }
  EXPECT_EQ(sha256(work_ / "tree.tar"), before);
  EXPECT_NE(refused({at("tree"), at("tree/inside.ext4")}, kFailure).err.find("lies inside the source"),
            std::string::npos);
  fs::create_symlink("tree/not there yet.ext4", work_ / "leads inside.ext4");
  EXPECT_NE(refused({at("tree"), at("leads inside.ext4")}, kFailure).err.find("lies inside the source"),
            std::string::npos);
  EXPECT_NE(refused({at("tree")}, kUsage).err.find("expected sources"), std::string::npos);
  EXPECT_NE(refused({}, kUsage).err.find("expected sources"), std::string::npos);
  EXPECT_NE(refused({at("tree"), at("absent.tar"), at("x.ext4")}, kFailure).err.find("absent.tar does not exist"),
            std::string::npos);
  EXPECT_NE(refused({at("tree"), at("x.ext4"), "-t", "ext5"}, kFailure).err.find("ext5"), std::string::npos);
  EXPECT_NE(refused({at("tree"), at("x.ext4"), "-S", "whiteout=oci"}, kFailure).err.find("did you mean \"whiteouts\"?"),
            std::string::npos);
  EXPECT_NE(refused({at("tree"), at("x.ext4"), "-S", "from"}, kFailure).err.find("-S from: expected PATH=VALUE"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(work_ / "x.ext4"));
}

// --- Without root ---------------------------------------------------------------------------------------------------

TEST_F(Layers, UnderFakerootADirectoryKeepsOwnersAndDevices) {
  FSTOOL_E2E_REQUIRE(true, {"fakeroot", "setpriv"});
  constexpr uid_t kNobody = 65534;
  const TreeBuilder tree(work_ / "tree");
  tree.file("etc/shadow", "secret");
  tree.owner("etc/shadow", 0, 42);
  tree.mode("etc/shadow", 0640);
  tree.file("home/user/file", "mine");
  tree.owner("home/user", 1000, 1000);
  tree.owner("home/user/file", 1000, 1001);
  tree.file("bin/su", "su");
  tree.mode("bin/su", 04755);
  tree.special("dev/null", S_IFCHR, makedev(1, 3));
  tree.special("dev/sda", S_IFBLK, makedev(8, 0));
  tree.settle_times();
  make_tar(work_ / "tree.tar", work_ / "tree");
  expect_success({"chown", "--recursive", std::to_string(kNobody), at("")});
  expect_success({"chmod", "o+x", at("")});
  fs::create_directory(work_ / "user");
  expect_success({"chown", std::to_string(kNobody), at("user")});
  // A sanitized fstool refuses to begin behind fakeroot's library otherwise.
  const std::string as_user = fmt::format(
      "cd '{}/user' && mkdir tree && tar --extract --preserve-permissions --file ../tree.tar --directory tree && "
      "ASAN_OPTIONS=verify_asan_link_order=0 '{}' create -t ext4 tree -o rootless.ext4 --quiet",
      work_.path().string(), FSTOOL_E2E_PROGRAM);
  expect_success({"setpriv", fmt::format("--reuid={}", kNobody), fmt::format("--regid={}", kNobody), "--clear-groups",
                  "fakeroot", "sh", "-c", as_user},
                 {.directory = {}, .environment = {{"FSTOOL_PLUGIN_PATH", FSTOOL_E2E_PLUGINS}}});
  unpack(work_ / "tree.tar", work_ / "expected");
  expect_holds(work_ / "user/rootless.ext4", work_ / "expected");
}

}  // namespace
}  // namespace fstool::e2e

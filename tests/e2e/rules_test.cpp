// Rules on sources: what is built holds what chmod, chown, tar and genext2fs make of the same files, and manifests give
// owners back to what a normal user unpacked.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <string>
#include <vector>

#include "harness/image.h"
#include "harness/mount.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

class Rules : public testing::Test {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(true, {"tar", "bsdtar", "cp", "chmod", "chown", "e2fsck", "genext2fs", "getfattr"});
  }

  std::string at(const std::string& name) const { return (work_ / name).string(); }

  /// What `fstool run` makes of the keys of a file system; paths are relative to the test's directory.
  fs::path build(const std::string& keys) const {
    write_text(work_ / "spec.toml", "[filesystem]\ntype = \"ext4\"\n" + keys + "\n");
    expect_fstool_builds({"run", at("spec.toml"), "-o", at("built.ext4")});
    expect_clean_ext4(work_ / "built.ext4");
    return work_ / "built.ext4";
  }

  /// What is said of a spec that can't be built.
  std::string refusal(const std::string& keys) const {
    write_text(work_ / "spec.toml", "[filesystem]\ntype = \"ext4\"\n" + keys + "\n");
    const ProcessResult result = run_fstool({"run", at("spec.toml"), "-o", at("none.ext4")});
    EXPECT_NE(result.exit_code, 0);
    return result.err;
  }

  fs::path copy(const std::string& from, const std::string& to) const {
    expect_success({"cp", "--archive", at(from), at(to)});
    return work_ / to;
  }

  /// A tree with owners, devices and what else a normal user can't unpack.
  TreeBuilder make_system(const std::string& name) const {
    const TreeBuilder tree(work_ / name);
    for (const char* const directory : {"bin", "dev", "etc", "run", "srv", "srv/www"}) tree.directory(directory);
    tree.file("etc/passwd", "root:x:0:0::/:\nwww:x:33:33::/:\n");
    tree.file("etc/group", "root:x:0:\nshadow:x:42:\n");
    tree.file("etc/shadow", "root:*::\n");
    tree.owner("etc/shadow", 0, 42);
    tree.mode("etc/shadow", 0640);
    tree.file("bin/su", "su");
    tree.mode("bin/su", 04755);
    tree.file("bin/ping", "ping");
    tree.xattr("bin/ping", "security.capability", capability_xattr());
    tree.file("odd name\n#1", "odd");
    tree.symlink("sbin", "bin");
    tree.owner("srv/www", 33, 33);
    tree.mode("srv/www", 02775);
    tree.file("srv/www/index", "hello");
    tree.owner("srv/www/index", 33, 33);
    tree.file("srv/empty", "");
    tree.special("dev/null", S_IFCHR, ::makedev(1, 3));
    tree.special("dev/sda", S_IFBLK, ::makedev(8, 0));
    tree.special("run/pipe", S_IFIFO);
    tree.settle_times();
    return tree;
  }

  /// The same as someone without rights would have it: contents, names and links.
  void unpack_as_a_user(const std::string& from, const std::string& to) const {
    expect_success({"sh", "-c",
                    fmt::format("mkdir '{1}' && cd '{0}' && find . \\( -type f -o -type l -o -type d \\) ! -name empty "
                                "-print0 | tar --create --null --no-recursion --files-from - | tar --extract "
                                "--no-same-owner --no-same-permissions --touch --directory '{1}' && chown -R 1000:1000 "
                                "'{1}'",
                                at(from), at(to))});
  }

  const TempDir work_;
};

TEST_F(Rules, AManifestGivesOwnersBackToWhatAUserUnpacked) {
  make_system("system");
  expect_fstool_builds({"create", "-t", "ext4", at("system"), "-o", at("system.ext4")});
  write_text(work_ / "manifest", expect_success({FSTOOL_E2E_PROGRAM, "manifest", at("system.ext4")}));
  unpack_as_a_user("system", "unpacked");
  const fs::path image = build("source = { path = \"unpacked\", manifest = \"manifest\" }");
  expect_mounted_equals(image, work_ / "system");
}

TEST_F(Rules, AManifestOfBsdtarIsRead) {
  const TreeBuilder system = make_system("system");
  fs::remove(work_ / "system/bin/ping");  // it writes no extended attributes
  system.settle_times();
  for (const char* const options : {"mtree:all", "mtree:use-set,!all,type,mode,uid,gid,time,size,link,device"}) {
    expect_success({"bsdtar", "--format=mtree", "--options", options, "-cf", at("manifest"), "-C", at("system"), "."});
    fs::remove_all(work_ / "unpacked");
    unpack_as_a_user("system", "unpacked");
    expect_mounted_equals(build("source = { path = \"unpacked\", manifest = \"manifest\" }"), work_ / "system");
  }
}

TEST_F(Rules, OwnersAndModesAreThoseOfChownAndChmod) {
  make_system("system");
  const fs::path expected = copy("system", "expected");
  expect_success({"chown", "--no-dereference", "--recursive", "7:8", expected.string()});
  expect_success({"chmod", "--recursive", "u+rw,go-w,a+X", expected.string()});
  expect_success({"chown", "33:42", (expected / "etc/passwd").string()});
  expect_success({"chmod", "0600", (expected / "etc/passwd").string()});
  expect_success({"chmod", "u+s", (expected / "srv/www/index").string()});
  fs::remove_all(expected / "run");
  // What the kernel takes away from files that get another owner.
  TreeBuilder(expected).xattr("bin/ping", "security.capability", capability_xattr());
  expect_success({"chmod", "u+s", (expected / "bin/su").string()});
  expect_success({"touch", "--reference", at("system"), expected.string()});
  expect_mounted_equals(build(R"(
[filesystem.source]
path = "system"
owner = "7:8"
mode = "u+rw,go-w,a+X"
rules = [
  { match = "/etc/passwd", owner = "www", group = "shadow", mode = 0o600 },
  { match = ["/srv/**", "!empty"], kind = "file", mode = "u+s" },
  { match = "/run", exclude = true },
])"),
                        expected);
}

TEST_F(Rules, ModesReachAccessAclsAsChmodDoes) {
  const TreeBuilder system(work_ / "system");
  system.file("file", "secret\n");
  system.mode("file", 0644);
  system.xattr("file", "system.posix_acl_access", acl_for_user(1000));
  system.settle_times();
  const fs::path expected = copy("system", "expected");
  expect_success({"chmod", "0600", (expected / "file").string()});
  write_text(work_ / "manifest", "./file type=file mode=0600\n");
  write_text(work_ / "table", "/file f 600 0 0 - - - - -\n");
  for (const char* const source : {
           R"(source = "system"
rules = [{ match = "/file", mode = "u=rw,go=" }])",
           R"(source = { path = "system", rules = [{ match = "/file", mode = "0600" }] })",
           R"(source = { path = "system", manifest = "manifest" })",
           R"(source = { path = "system", device_table = "table" })"}) {
    SCOPED_TRACE(source);
    expect_mounted_equals(build(source), expected);
  }
}

TEST_F(Rules, ComponentsAreStrippedAsTarDoes) {
  const TreeBuilder tree(work_ / "tree");
  for (const char* const directory : {"pkg-1.0", "pkg-1.0/bin", "pkg-1.0/share", "pkg-1.0/share/doc"}) {
    tree.directory(directory);
  }
  tree.file("pkg-1.0/bin/tool", "tool");
  tree.file("pkg-1.0/README", "read me");
  tree.hard_link("pkg-1.0/share/doc/README", "pkg-1.0/README");
  tree.symlink("pkg-1.0/link", "bin/tool");
  tree.file("top", "goes");
  tree.settle_times();
  expect_success({"tar", "--create", "--file", at("pkg.tar"), "--directory", at("tree"), "pkg-1.0", "top"});
  fs::create_directory(work_ / "expected");
  expect_success({"tar", "--extract", "--strip-components=1", "--file", at("pkg.tar"), "--directory", at("expected")});
  TreeBuilder(work_ / "expected").mode(".", 0755);
  TreeBuilder(work_ / "expected").time(".", 0, 0);
  const fs::path image = build("source = { path = \"pkg.tar\", strip_components = 1 }");
  expect_success({FSTOOL_E2E_PROGRAM, "stat", image.string(), "/share/doc/README"});
  const LoopMount mount(image, Access::ReadOnly);
  const std::string listing = "find . -mindepth 1 ! -path './lost+found*' -printf '%P %y %m %n %s %T@ %l\\n' | sort";
  EXPECT_EQ(expect_success({"sh", "-c", listing}, {.directory = mount.path()}),
            expect_success({"sh", "-c", listing}, {.directory = work_ / "expected"}));
}

TEST_F(Rules, ADeviceTableMakesWhatGenext2fsMakes) {
  const TreeBuilder tree(work_ / "tree");
  tree.directory("bin");
  tree.directory("dev");
  tree.file("bin/su", "su");
  tree.settle_times(Precision::Seconds);
  write_text(work_ / "table",
             "# name type mode uid gid major minor start inc count\n"
             "/dev d 755 0 0 - - - - -\n"
             "/dev/null c 666 0 0 1 3 0 0 -\n"
             "/dev/tty c 620 0 5 4 0 0 1 6\n"
             "/dev/loop b 660 0 6 7 0 0 2 3\n"
             "/dev/log s 666 0 0 - - - - -\n"
             "/run d 1777 1 2 - - - - -\n"
             "/run/pipe p 600 3 4 - - - - -\n"
             "/run/new f 640 5 6 - - - - -\n"
             "/bin/su f 4755 0 0 - - - - -\n");
  expect_success({"genext2fs", "--size-in-blocks", "1000", "--number-of-inodes", "100", "--root", at("tree"),
                  "--devtable", at("table"), at("expected.ext2")});
  const fs::path image = build("source = { path = \"tree\", device_table = \"table\" }");
  const LoopMount made(image, Access::ReadOnly);
  const LoopMount expected(work_ / "expected.ext2", Access::ReadOnly);
  const std::string listing =
      "find . -mindepth 1 ! -path './lost+found*' -exec stat -c '%n %f %u %g %t:%T %h' '{}' + | sort";
  const std::string names = expect_success({"sh", "-c", listing}, {.directory = expected.path()});
  EXPECT_NE(names.find("./dev/tty5 "), std::string::npos);
  EXPECT_EQ(expect_success({"sh", "-c", listing}, {.directory = made.path()}), names);
}

TEST_F(Rules, HardLinksAreKeptCopiedOrMade) {
  const TreeBuilder tree(work_ / "tree");
  for (const char* const name : {"a", "b", "c"}) {
    tree.file(name, "the same");
    tree.time(name, 1, 0);
  }
  tree.file("d", "not same");
  tree.time("d", 1, 0);
  tree.hard_link("a2", "a");
  const auto links = [&](const std::string& keys) {
    const LoopMount mount(build("source = \"tree\"\n" + keys), Access::ReadOnly);
    return expect_success({"stat", "-c", "%n %h", "a", "a2", "b", "c", "d"}, {.directory = mount.path()});
  };
  EXPECT_EQ(links(""), "a 2\na2 2\nb 1\nc 1\nd 1\n");
  EXPECT_EQ(links("hardlinks = \"copy\""), "a 1\na2 1\nb 1\nc 1\nd 1\n");
  EXPECT_EQ(links("hardlinks = \"dedup\""), "a 4\na2 4\nb 4\nc 4\nd 1\n");
}

TEST_F(Rules, EntriesAreOfEveryKind) {
  make_system("system");
  write_text(work_ / "contexts",
             "/.* system_u:object_r:default_t:s0\n/dev(/.*)? system_u:object_r:device_t:s0\n"
             "/dev/tty -c system_u:object_r:tty_t:s0\n/run(/.*)? <<none>>\n");
  const LoopMount mount(build(R"(
source = "system"
rules = [{ match = "/srv/**", owner = 0 }]
selinux_contexts = "contexts"
entries = [
  { path = "/dev/tty", char_device = "5:0", mode = "0666", group = "shadow" },
  { path = "/dev/vda", block_device = "254:0", owner = 6 },
  { path = "/run/fifo", fifo = true },
  { path = "/bin/runuser", hardlink = "/bin/su" },
  { path = "/etc/shadow", remove = true },
  { path = "/srv/www", directory = true, mode = "0700" },
  { path = "/srv/new", content = "new", owner = "www", mtime = "2024-05-06T07:08:09.5Z", xattr = { "user.a" = "0x6263" } },
])"),
                        Access::ReadOnly);
  const ProcessOptions there{.directory = mount.path()};
  EXPECT_EQ(expect_success({"stat", "-c", "%n %A %u:%g %t:%T %h", "dev/tty", "dev/vda", "run/fifo", "bin/runuser",
                            "bin/su", "srv/www", "srv/new"},
                           there),
            "dev/tty crw-rw-rw- 0:42 5:0 1\n"
            "dev/vda brw-r--r-- 6:0 fe:0 1\n"
            "run/fifo prw-r--r-- 0:0 0:0 1\n"
            "bin/runuser -rwsr-xr-x 0:0 0:0 2\n"
            "bin/su -rwsr-xr-x 0:0 0:0 2\n"
            "srv/www drwx------ 0:33 0:0 2\n"
            "srv/new -rw-r--r-- 33:0 0:0 1\n");
  EXPECT_FALSE(fs::exists(mount.path() / "etc/shadow"));
  EXPECT_EQ(expect_success({"stat", "-c", "%.9Y", "srv/new"}, there), "1714979289.500000000\n");
  EXPECT_EQ(expect_success({"getfattr", "--only-values", "-n", "user.a", "srv/new"}, there), "bc");
  const auto label_of = [&](const std::string& path) {
    return expect_success({"getfattr", "--only-values", "-n", "security.selinux", path}, there);
  };
  const auto with_nul = [](std::string text) { return text + '\0'; };
  EXPECT_EQ(label_of("dev/tty"), with_nul("system_u:object_r:tty_t:s0"));
  EXPECT_EQ(label_of("dev/sda"), with_nul("system_u:object_r:device_t:s0"));
  EXPECT_EQ(label_of("srv/new"), with_nul("system_u:object_r:default_t:s0"));
  EXPECT_NE(run({"getfattr", "-n", "security.selinux", "run/pipe"}, there).exit_code, 0);
}

TEST_F(Rules, TheCommandLineSetsThem) {
  const TreeBuilder tree(work_ / "tree");
  tree.file("a.o", "object");
  tree.file("keep.o", "object");
  tree.file("a.c", "source");
  tree.file(".fstoolignore", "*.o\n");
  tree.settle_times();
  expect_fstool_builds({"create", "-t", "ext4", "-S", "exclude=[\"!keep.o\"]", "-S", "owner=3:4", "-S",
                        "mode=go=", "-O", "mtime=2001-09-09T01:46:40Z", at("tree"), "-o", at("built.ext4")});
  const LoopMount mount(work_ / "built.ext4", Access::ReadOnly);
  EXPECT_EQ(expect_success({"sh", "-c", "find . ! -path './lost+found*' -printf '%p %m %U:%G %T@\\n' | sort"},
                           {.directory = mount.path()}),
            ". 700 3:4 1000000000.0000000000\n"
            "./a.c 600 3:4 1000000000.0000000000\n"
            "./keep.o 600 3:4 1000000000.0000000000\n");
}

TEST_F(Rules, WhatDoesNotGoIsSaidWithItsPlace) {
  make_system("system");
  write_text(work_ / "manifest", "#mtree\n./bin type=file\n");
  EXPECT_NE(refusal("source = { path = \"system\", owner = \"wwww\" }")
                .find("spec.toml:3:37: no user is called \"wwww\" in /etc/passwd of the tree (did you mean \"www\"?)"),
            std::string::npos);
  EXPECT_NE(refusal("source = { path = \"system\", manifest = \"manifest\" }")
                .find("manifest:2:1: /bin is a directory in the source, not a regular file"),
            std::string::npos);
  const std::string unmapped = refusal("source = { path = \"system\", uid_map = \"0:100000:1\" }");
  EXPECT_NE(unmapped.find("spec.toml:3:39: /srv/www: the user 33 is in no range of uid_map"), std::string::npos)
      << unmapped;
  EXPECT_NE(refusal("source = \"system\"\nentries = [{ path = \"/none\", remove = true }]")
                .find("there is no \"/none\" to remove"),
            std::string::npos);
}

}  // namespace
}  // namespace fstool::e2e

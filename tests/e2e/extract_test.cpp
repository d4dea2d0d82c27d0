// Files come out of an image as the kernel shows them in it, whether fstool or mke2fs made it, and whoever asks.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"
#include "harness/tree_comparison.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kNothing;

/// fstool's arguments as the user "nobody", who may use `work`.
Command as_nobody(const TempDir& work, const Command& arguments) {
  fs::permissions(work.path(), fs::perms(0755));
  return e2e::as_nobody(arguments);
}

fs::path made_by_fstool(const TempDir& work, const TreeBuilder& tree) {
  fs::path image = work / "fstool.ext4";
  expect_success({FSTOOL_E2E_PROGRAM, "create", "-t", "ext4", tree.root().string(), "-o", image.string(), "--quiet"});
  return image;
}

fs::path made_by_mke2fs(const TempDir& work, const TreeBuilder& tree) {
  fs::path image = work / "mke2fs.ext4";
  expect_success({"mke2fs", "-q", "-t", "ext4", "-d", tree.root().string(), image.string(), "64M"});
  return image;
}

class Extract : public testing::Test {
 protected:
  void SetUp() override { FSTOOL_E2E_REQUIRE(true, {"mke2fs", "setpriv"}); }
};

TEST_F(Extract, RootGetsWhatTheKernelShows) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  build_odd_root_tree(tree);
  tree.special("run/socket", S_IFSOCK);
  tree.settle_times();
  for (const fs::path& image : {made_by_fstool(work, tree), made_by_mke2fs(work, tree)}) {
    const fs::path out = work / ("out of " + image.filename().string());
    const ProcessResult result = run_fstool({"extract", image.string(), "-C", out.string()});
    EXPECT_EQ(result.exit_code, 0) << result.output();
    EXPECT_EQ(result.err, "");
    {
      const LoopMount mounted(image, Access::ReadOnly);
      EXPECT_EQ(tree_differences(mounted.path(), out), kNothing) << image;
    }
    const ProcessResult diff = run_fstool({"diff", image.string(), out.string()});
    EXPECT_EQ(diff.exit_code, 0) << diff.output();
    EXPECT_EQ(diff.output(), "");
    struct stat status {};
    ASSERT_EQ(::stat((out / "sparse").c_str(), &status), 0);
    EXPECT_LT(status.st_blocks * 512, 1 << 20);
  }
}

TEST_F(Extract, AUserGetsAllButOwners) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  build_odd_tree(tree);
  tree.special("run/fifo", S_IFIFO);
  tree.special("run/socket", S_IFSOCK);
  tree.xattr("etc/passwd", "user.comment", "kept");
  tree.settle_times();
  const fs::path image = made_by_fstool(work, tree);
  fs::create_directory(work / "out");
  fs::permissions(work / "out", fs::perms(0777));

  const ProcessResult result = run(as_nobody(work, {"extract", image.string(), "-C", (work / "out/new").string()}));
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_EQ(result.err, "");

  const ProcessResult diff = run_fstool({"diff", image.string(), (work / "out/new").string(), "--ignore", "owner"});
  EXPECT_EQ(diff.output(), "");
  EXPECT_EQ(run_fstool({"diff", image.string(), (work / "out/new").string()}).exit_code, 1);
}

TEST_F(Extract, AUserIsToldOnceWhatWasLeftOut) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  build_odd_root_tree(tree);
  tree.special("dev/zero", S_IFCHR, makedev(1, 5));
  const fs::path image = made_by_fstool(work, tree);
  fs::create_directory(work / "out");
  fs::permissions(work / "out", fs::perms(0777));
  const std::string out = (work / "out/new").string();

  const ProcessResult result = run(as_nobody(work, {"extract", image.string(), "-C", out}));
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_EQ(result.err, "fstool: warning: " + out +
                            "/dev/null and 2 more: devices were left out, because only root can make them\n"
                            "fstool: warning: " +
                            out +
                            "/bin/su: set-user-ID and set-group-ID bits were left out, because only root can set the "
                            "owner\n"
                            "fstool: warning: " +
                            out + "/bin/ping: the file capabilities could not be set: Operation not permitted\n");
  EXPECT_FALSE(fs::exists(out + "/dev/null"));
  struct stat status {};
  ASSERT_EQ(::stat((out + "/bin/su").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0755U);
  EXPECT_EQ(status.st_uid, 65534U);
}

TEST_F(Extract, AManifestKeepsWhatAUserCannotSet) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  build_odd_root_tree(tree);
  const fs::path image = made_by_fstool(work, tree);
  fs::create_directory(work / "out");
  fs::permissions(work / "out", fs::perms(0777));
  const ProcessResult result =
      run(as_nobody(work, {"extract", image.string(), "bin", "dev", "-C", (work / "out/new").string(), "--manifest",
                           (work / "out/manifest").string(), "-q"}));
  EXPECT_EQ(result.exit_code, 0) << result.output();
  const std::string manifest = read_text(work / "out/manifest");
  EXPECT_NE(manifest.find("./bin/su type=file mode=6755 uid=5 gid=6 "), std::string::npos) << manifest;
  EXPECT_NE(manifest.find("device=native,1,3"), std::string::npos) << manifest;
  EXPECT_EQ(manifest.find("passwd"), std::string::npos) << manifest;
}

TEST_F(Extract, FewDescriptorsAreEnoughForManyThreads) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  for (int i = 0; i < 2000; ++i) {
    tree.directory(std::to_string(i));
    tree.file(std::to_string(i) + "/file", "x");
  }
  const fs::path image = made_by_fstool(work, tree);
  expect_success({"sh", "-ec", "ulimit -n 128; exec \"$@\"", "sh", FSTOOL_E2E_PROGRAM, "extract", image.string(), "-C",
                  (work / "out").string(), "--threads", "32", "-q"});
  EXPECT_EQ(count_nodes(work / "out"), 4002U);  // and lost+found
}

TEST_F(Extract, PathsSelectWhatIsWritten) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  build_odd_tree(tree);
  const fs::path image = made_by_fstool(work, tree);

  const ProcessResult listed =
      run_fstool({"extract", image.string(), "shared/passwd", "/empty", "-C", (work / "x").string(), "--dry-run"});
  EXPECT_EQ(listed.out, "empty\netc/\netc/passwd\n") << listed.err;
  EXPECT_FALSE(fs::exists(work / "x"));
  const ProcessResult paths = run_fstool(
      {"extract", image.string(), "shared/passwd", "/empty", "-C", (work / "x").string(), "--dry-run", "--json"});
  EXPECT_EQ(nlohmann::json::parse(paths.out).at("paths"), nlohmann::json({"empty", "etc/", "etc/passwd"})) << paths.err;
  const ProcessResult report =
      run_fstool({"extract", image.string(), "shared/passwd", "-C", (work / "json").string(), "--json"});
  EXPECT_EQ(nlohmann::json::parse(report.out).at("files"), 1) << report.err;

  EXPECT_EQ(run_fstool({"extract", image.string(), "shared/passwd", "-C", (work / "y").string(), "-q"}).output(), "");
  EXPECT_EQ(read_text(work / "y/etc/passwd"), "root:x:0:0\n");
  EXPECT_EQ(count_nodes(work / "y"), 3U);

  const ProcessResult missing =
      run_fstool({"extract", image.string(), "/etc/passwd", "/no/such", "-C", (work / "z").string()});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_NE(missing.err.find("/no"), std::string::npos) << missing.err;
  EXPECT_FALSE(fs::exists(work / "z"));
}

TEST_F(Extract, WhatExistsIsReplacedOnlyByForce) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  build_odd_tree(tree);
  const fs::path image = made_by_fstool(work, tree);
  const TreeBuilder out(work / "out");
  out.symlink("etc", "/etc");
  const Command extract = {"extract", image.string(), "etc/passwd", "-C", out.root().string()};

  const ProcessResult refused = run_fstool(extract);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("/etc exists already"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("--force"), std::string::npos) << refused.err;
  EXPECT_TRUE(fs::is_symlink(work / "out/etc"));

  Command forced = extract;
  forced.emplace_back("--force");
  EXPECT_EQ(run_fstool(forced).exit_code, 0);
  EXPECT_FALSE(fs::is_symlink(work / "out/etc"));
  EXPECT_EQ(read_text(work / "out/etc/passwd"), "root:x:0:0\n");
}

TEST_F(Extract, WhereToWriteHasToBeSaid) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  for (const Command& arguments : {Command{}, Command{"-C", "a", "-o", "b.tar"}, Command{"-o", "b.ext4"}}) {
    Command command = {"extract", tree.root().string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    EXPECT_EQ(run_fstool(command, {.directory = work.path()}).exit_code, 2);
  }
  EXPECT_EQ(count_nodes(work.path()), 2U);
}

TEST_F(Extract, DiffTellsEveryDifference) {
  const TempDir work;
  const TreeBuilder before(work / "a");
  const TreeBuilder after(work / "b");
  for (const TreeBuilder& tree : {before, after}) {
    tree.file("same", "same");
    tree.file("content", "content");
    tree.file("mode", "m");
    tree.file("kind", "k");
    tree.file("one", "1");
    tree.file("xattr", "x");
    tree.symlink("target", "a");
  }
  after.file("content", "contenT");
  after.mode("mode", 0600);
  fs::remove(after.root() / "kind");
  after.directory("kind");
  before.hard_link("two", "one");
  after.file("two", "1");
  after.xattr("xattr", "user.a", "new");
  fs::remove(after.root() / "target");
  after.symlink("target", "b");
  before.file("gone", "g");
  after.directory("come");
  for (const TreeBuilder& tree : {before, after}) {
    for (const auto& entry : fs::directory_iterator(tree.root())) tree.time(entry.path().filename(), 1, 0);
    tree.time("", 1, 0);
  }
  after.time("same", 2, 5);

  const Command diff = {"diff", before.root().string(), after.root().string()};
  const ProcessResult result = run_fstool(diff);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out,
            "added   /come/\n"
            "changed /content: content differs from byte 6 on\n"
            "removed /gone\n"
            "changed /kind: kind file -> directory\n"
            "changed /mode: mode 0644 -> 0600\n"
            "changed /same: mtime 1.000000000 -> 2.000000005\n"
            "changed /target: content a -> b\n"
            "changed /two: links a link to /one -> a file of its own\n"
            "changed /xattr: xattr user.a added: \"new\"\n");
  EXPECT_EQ(run_fstool({"diff", before.root().string(), (work / "none").string()}).exit_code, 2);
  EXPECT_EQ(run_fstool({"diff", before.root().string()}).exit_code, 2);
}

}  // namespace
}  // namespace fstool::e2e

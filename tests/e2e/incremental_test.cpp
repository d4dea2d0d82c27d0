// --if-changed builds again exactly when something that is in the image has changed, and --depfile names all that was
// read.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

class Incremental : public testing::Test {
 protected:
  Incremental() {
    tree_.file("a", "content of a");
    tree_.directory("directory");
    tree_.file("directory/b", "content of b");
    tree_.symlink("link", "a");
    tree_.settle_times();
    write_spec("");
  }

  std::string path(const std::string& name) const { return (work_ / name).string(); }

  void write_spec(const std::string& more) const {
    write_text(work_ / "spec.toml", "[filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n" + more);
  }

  /// Runs fstool, which succeeds, and returns what it says.
  std::string run_it(const Command& more = {}, const ProcessOptions& options = {}) const {
    Command command = {"run", path("spec.toml"), "-o", path("image"), "--if-changed"};
    command.insert(command.end(), more.begin(), more.end());
    const ProcessResult result = run_fstool(command, options);
    EXPECT_EQ(result.exit_code, 0) << result.output();
    EXPECT_EQ(result.err, "");
    return result.out;
  }

  /// True if a run of fstool makes the image again.
  bool builds(const Command& more = {}, const ProcessOptions& options = {}) const {
    struct stat before {};
    const bool existed = ::stat(path("image").c_str(), &before) == 0;
    const std::string said = run_it(more, options);
    struct stat after {};
    EXPECT_EQ(::stat(path("image").c_str(), &after), 0);
    const bool is_same = existed && before.st_ino == after.st_ino && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
                         before.st_mtim.tv_nsec == after.st_mtim.tv_nsec;
    EXPECT_EQ(said.find("nothing has changed") != std::string::npos, is_same) << said;
    return !is_same;
  }

  const TempDir work_;
  const TreeBuilder tree_ = TreeBuilder(work_ / "tree");
};

TEST_F(Incremental, TextThatLooksLikeAListIsNone) {
  const auto write_source = [&](const std::string& exclude) {
    write_text(work_ / "spec.toml",
               "[filesystem]\ntype = \"ext4\"\nsource = { path = \"tree\", exclude = " + exclude + " }\n");
  };
  write_source("\"a,link\"");
  EXPECT_TRUE(builds());
  write_source("[\"a\", \"link\"]");
  EXPECT_TRUE(builds());
  EXPECT_EQ(run_fstool({"find", path("image"), "/directory", "/link"}).exit_code, 1);
}

TEST_F(Incremental, DoesNothingASecondTime) {
  EXPECT_TRUE(builds());
  EXPECT_FALSE(builds());
  EXPECT_FALSE(builds({"--threads", "1"}));
  expect_clean_ext4(work_ / "image");
}

TEST_F(Incremental, BuildsAgainWhenATreeHasChanged) {
  ASSERT_TRUE(builds());
  tree_.file("a", "content of A");
  EXPECT_TRUE(builds()) << "another content";
  tree_.file("directory/new", "");
  EXPECT_TRUE(builds()) << "another file";
  std::filesystem::remove(work_ / "tree/directory/new");
  EXPECT_TRUE(builds()) << "a file less";
  tree_.mode("a", 0600);
  EXPECT_TRUE(builds()) << "another mode";
  tree_.time("a", 1, 0);
  EXPECT_TRUE(builds()) << "another time";
  std::filesystem::remove(work_ / "tree/link");
  tree_.symlink("link", "b");
  tree_.settle_times();
  EXPECT_TRUE(builds()) << "another target";
  EXPECT_FALSE(builds());
}

TEST_F(Incremental, DoesNotTrustTimesButContents) {
  ASSERT_TRUE(builds());
  // As a tool that writes a file anew and puts its time back.
  const auto time = std::filesystem::last_write_time(work_ / "tree/a");
  tree_.file("a", "CONTENT OF A");
  std::filesystem::last_write_time(work_ / "tree/a", time);
  EXPECT_TRUE(builds());
  // The same bytes in another inode, with the same time: nothing that is in the image.
  const auto directory_time = std::filesystem::last_write_time(work_ / "tree");
  std::filesystem::copy_file(work_ / "tree/a", work_ / "copy");
  std::filesystem::permissions(work_ / "copy", std::filesystem::status(work_ / "tree/a").permissions());
  std::filesystem::last_write_time(work_ / "copy", time);
  std::filesystem::rename(work_ / "copy", work_ / "tree/a");
  std::filesystem::last_write_time(work_ / "tree", directory_time);
  EXPECT_FALSE(builds());
}

TEST_F(Incremental, BuildsAgainWhenTheOutputIsNotWhatItWas) {
  ASSERT_TRUE(builds());
  std::ofstream(work_ / "image", std::ios::app) << "more";
  EXPECT_TRUE(builds());
  std::filesystem::remove(work_ / "image");
  EXPECT_TRUE(builds());
  std::filesystem::remove(work_ / ".image.fstool-inputs");
  EXPECT_TRUE(builds());
  write_text(work_ / ".image.fstool-inputs", "fstool-inputs 2\nrequest x\nnonsense\n");
  EXPECT_TRUE(builds());
  EXPECT_FALSE(builds());
}

TEST_F(Incremental, BuildsAgainForAnotherSpecButNotForAComment) {
  ASSERT_TRUE(builds());
  write_spec("# a comment\n");
  EXPECT_FALSE(builds());
  write_spec("volume_label = \"${LABEL}\"\n");
  EXPECT_TRUE(builds({"-D", "LABEL=one"}));
  EXPECT_FALSE(builds({"-D", "LABEL=one"}));
  EXPECT_TRUE(builds({"-D", "LABEL=two"}));
  EXPECT_TRUE(builds({}, {.directory = {}, .environment = {{"LABEL", "three"}}}));
  EXPECT_TRUE(builds({}, {.directory = {}, .environment = {{"LABEL", "four"}}}));
  EXPECT_TRUE(builds({}, {.directory = {}, .environment = {{"LABEL", "four"}, {"SOURCE_DATE_EPOCH", "12"}}}));
}

TEST_F(Incremental, KnowsTheBackingFileOfAnImage) {
  FSTOOL_E2E_REQUIRE(false, {"qemu-img"});
  expect_fstool_builds({"create", "-t", "ext4", tree_.root().string(), "-o", path("base.img")});
  expect_success({"qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.img", "-F", "raw", path("layer.qcow2")});
  const Command command = {"convert", path("layer.qcow2"), path("out.img"), "--if-changed", "--depfile", path("out.d")};
  const auto said = [&] { return run_fstool(command).out; };
  EXPECT_EQ(said().find("nothing"), std::string::npos);
  EXPECT_NE(said().find("nothing has changed"), std::string::npos);
  EXPECT_NE(read_text(work_ / "out.d").find(path("base.img")), std::string::npos);
  TreeBuilder(work_.path()).write_at("base.img", 0, 100, Content::Random);
  EXPECT_EQ(said().find("nothing"), std::string::npos);
}

TEST_F(Incremental, SaysSoInJson) {
  ASSERT_TRUE(builds());
  const ProcessResult result = run_fstool({"run", path("spec.toml"), "-o", path("image"), "--if-changed", "--json"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.out.find("\"unchanged\": true"), std::string::npos) << result.out;
}

TEST_F(Incremental, RefusesOutputsWithoutAPlaceForARecord) {
  for (const std::string option : {"--if-changed", "--depfile=x"}) {
    EXPECT_EQ(run_fstool({"run", path("spec.toml"), "-o", "-", option}).exit_code, 2) << option;
    EXPECT_EQ(run_fstool({"run", path("spec.toml"), "--plan", option}).exit_code, 2) << option;
  }
}

TEST_F(Incremental, DepfileNamesAllThatWasRead) {
  tree_.file("odd name $x #1", "");
  write_text(work_ / "copied", "a file that is copied");
  write_spec("[[filesystem.entries]]\npath = \"copied\"\ncopy = \"copied\"\n");
  expect_fstool_builds({"run", path("spec.toml"), "-o", path("image"), "--depfile", path("image.d")});
  const std::string text = read_text(work_ / "image.d");
  EXPECT_TRUE(text.starts_with(path("image") + ": \\\n")) << text;
  // Sorted by name: whichever comes last, as the folders' names have it, ends its line without a backslash.
  const std::string prerequisites = text.substr(0, text.find("\n\n")) + " \\\n";
  for (const std::string& name : {path("spec.toml"), path("copied"), path("tree"), path("tree/directory/b"),
                                  path("tree/odd\\ name\\ $$x\\ \\#1")}) {
    EXPECT_NE(prerequisites.find("  " + name + " \\\n"), std::string::npos) << name << '\n' << text;
    EXPECT_NE(text.find("\n" + name + ":\n"), std::string::npos) << name;
  }
  EXPECT_NE(text.find("/ext4.so"), std::string::npos) << "plugins make the image, too";
}

TEST_F(Incremental, MakeAndNinjaReadDepfiles) {
  FSTOOL_E2E_REQUIRE(false, {"make", "ninja"});
  tree_.file("odd name $x #1", "");
  const std::string command = fmt::format("{} run spec.toml -o image --depfile image.d --quiet", FSTOOL_E2E_PROGRAM);
  write_text(work_ / "Makefile", fmt::format("image: spec.toml\n\t{}\n-include image.d\n", command));
  write_text(work_ / "build.ninja", fmt::format("rule image\n  command = {}\n  depfile = image.d\n"
                                                "build image: image spec.toml\n",
                                                command));
  const ProcessOptions here = {.directory = work_.path(), .environment = {}};
  for (const std::string tool : {"make", "ninja"}) {
    std::filesystem::remove(work_ / "image");
    tree_.file("directory/gone", "");
    expect_success({tool}, here);
    const auto is_idle = [&] {
      const std::string said = expect_success({tool}, here);
      return said.find("up to date") != std::string::npos || said.find("no work") != std::string::npos;
    };
    EXPECT_TRUE(is_idle()) << tool;
    std::filesystem::last_write_time(work_ / "tree/odd name $x #1", std::filesystem::file_time_type::clock::now());
    EXPECT_FALSE(is_idle()) << tool;
    std::filesystem::remove(work_ / "tree/directory/gone");
    EXPECT_FALSE(is_idle()) << tool << ": a file that is gone";
    EXPECT_TRUE(is_idle()) << tool;
  }
}

TEST_F(Incremental, CmakeFunctionBuildsWhenNeeded) {
  FSTOOL_E2E_REQUIRE(false, {"ninja"});
  const std::filesystem::path project = work_ / "project";
  std::filesystem::copy(std::filesystem::path(FSTOOL_E2E_EXAMPLES) / "build-systems/cmake", project,
                        std::filesystem::copy_options::recursive);
  expect_success({FSTOOL_E2E_CMAKE, "-S", project.string(), "-B", path("build"), "-G", "Ninja",
                  fmt::format("-DFSTOOL={}", FSTOOL_E2E_PROGRAM)});
  const auto build = [&] { return expect_success({FSTOOL_E2E_CMAKE, "--build", path("build")}); };
  const auto is_idle = [&] { return build().find("no work to do") != std::string::npos; };
  EXPECT_FALSE(is_idle());
  EXPECT_TRUE(is_idle());
  write_text(project / "rootfs/etc/issue", "another");
  EXPECT_FALSE(is_idle());
  write_text(project / "rootfs/etc/hostname", "a new file");
  EXPECT_FALSE(is_idle());
  EXPECT_TRUE(is_idle());
  EXPECT_EQ(expect_success({FSTOOL_E2E_PROGRAM, "cat", path("build/disk.qcow2:root"), "/etc/issue"}), "another");
}

}  // namespace
}  // namespace fstool::e2e

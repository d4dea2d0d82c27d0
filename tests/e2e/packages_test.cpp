// What is released: a tarball that runs from any folder, and Debian packages that install on a Debian that has nothing
// else. Only with FSTOOL_FULL: it takes minutes, and the network.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

class Packages : public testing::TestWithParam<std::string> {
 protected:
  /// Has CPack make packages, and returns their paths.
  std::vector<std::string> pack(const std::string& generator) const {
    const std::filesystem::path cpack = std::filesystem::path(FSTOOL_E2E_CMAKE).parent_path() / "cpack";
    expect_success({cpack.string(), "--config", FSTOOL_E2E_BUILD "/CPackConfig.cmake", "-G", generator, "-B",
                    (work_ / "packages").string()});
    const std::string ending = generator == "DEB" ? ".deb" : ".tar.gz";
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(work_ / "packages")) {
      if (entry.path().string().ends_with(ending)) files.push_back(entry.path().string());
    }
    std::ranges::sort(files);
    return files;
  }

  const TempDir work_;
};

TEST_P(Packages, TarballRunsFromAnyFolder) {
  const std::vector<std::string> files = pack("TGZ");
  ASSERT_EQ(files.size(), 1U);
  const std::filesystem::path odd = work_ / "a folder/with: odd name";
  std::filesystem::create_directories(odd);
  expect_success({"tar", "-C", odd.string(), "-xzf", files.front(), "--strip-components=1"});
  TreeBuilder(work_ / "tree").file("file", "content");
  // Nothing of the build tree may be needed.
  const Command program = {"unshare",
                           "--mount",
                           "sh",
                           "-c",
                           "mount -t tmpfs none \"$0\" && exec \"$@\"",
                           FSTOOL_E2E_BUILD,
                           (odd / "bin/fstool").string()};
  const auto run_it = [&](const Command& arguments) {
    Command command = program;
    command.insert(command.end(), arguments.begin(), arguments.end());
    return expect_success(command);
  };
  FSTOOL_E2E_REQUIRE(true, {"unshare", "mount"});
  EXPECT_EQ(run_it({"plugins", "list"}).find("refused"), std::string::npos);
  run_it(
      {"create", "-t", "ext4", (work_ / "tree").string(), "-o", (work_ / "image.qcow2").string(), "--codec", "zstd"});
  EXPECT_EQ(run_it({"cat", (work_ / "image.qcow2").string(), "/file"}), "content");
  for (const std::string name : {"share/man/man1/fstool.1", "share/bash-completion/completions/fstool",
                                 "share/zsh/site-functions/_fstool", "share/fish/vendor_completions.d/fstool.fish"}) {
    EXPECT_TRUE(std::filesystem::exists(odd / name)) << name;
  }
}

TEST_P(Packages, TarballBuildsImagesInBazel) {
  FSTOOL_E2E_REQUIRE(false, {"bazel"});
  const std::string project = (work_ / "project").string();
  std::filesystem::copy(FSTOOL_E2E_EXAMPLES "/build-systems/bazel", project, std::filesystem::copy_options::recursive);
  std::filesystem::create_directory(project + "/fstool");
  expect_success({"tar", "-C", project + "/fstool", "-xzf", pack("TGZ").front(), "--strip-components=1"});
  write_text(project + "/WORKSPACE", "");
  const std::string base = "--output_user_root=" + (work_ / "bazel").string();
  const ProcessOptions here = {.directory = project, .environment = {}};
  expect_success({"bazel", "--batch", base, "build", "//:disk"}, here);
  EXPECT_EQ(expect_success({FSTOOL_E2E_PROGRAM, "cat", project + "/bazel-bin/disk.qcow2", "/etc/issue"}),
            read_text(project + "/rootfs/etc/issue"));
  expect_success({"chmod", "-R", "u+w", (work_ / "bazel").string()});
}

TEST_P(Packages, OfDebianHaveNoErrorsForLintian) {
  FSTOOL_E2E_REQUIRE(false, {"lintian", "dpkg-deb"});
  const std::vector<std::string> files = pack("DEB");
  ASSERT_EQ(files.size(), 2U);
  Command command = {"lintian", "--allow-root", "--fail-on", "error", "--tag-display-limit", "0"};
  command.insert(command.end(), files.begin(), files.end());
  expect_success(command);
}

TEST_P(Packages, OfDebianInstallOnACleanSystem) {
  FSTOOL_E2E_REQUIRE(true, {"mmdebstrap", "chroot", "unshare"});
  const std::vector<std::string> files = pack("DEB");
  const std::string root = (work_ / "root").string();
  Command bootstrap = {"mmdebstrap", "--variant=minbase", "--quiet"};
  for (const std::string& file : files) bootstrap.push_back("--include=" + file);
  bootstrap.push_back("--hook-dir=/usr/share/mmdebstrap/hooks/file-mirror-automount");
  bootstrap.insert(bootstrap.end(), {"bookworm", root});
  expect_success(bootstrap);
  // A program finds its plugins by way of /proc.
  const auto inside = [&](const std::string& script) {
    return expect_success({"unshare", "--mount", "--pid", "--fork", "--mount-proc=" + root + "/proc", "chroot", root,
                           "sh", "-euc", script});
  };
  EXPECT_EQ(inside("fstool --version"), expect_success({FSTOOL_E2E_PROGRAM, "--version"}));
  EXPECT_EQ(inside("fstool plugins list").find("refused"), std::string::npos);
  EXPECT_EQ(inside("mkdir /tree; echo content > /tree/file; fstool create -t ext4 /tree -o /disk.qcow2 -q; "
                   "fstool cat /disk.qcow2 /file"),
            "content\n");
  inside("test -e /usr/include/fstool/plugin.h; dpkg --remove libfstool-dev fstool; test ! -e /usr/bin/fstool");
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Packages);
INSTANTIATE_TEST_SUITE_P(Released, Packages, testing::ValuesIn(full_runs()),
                         [](const testing::TestParamInfo<std::string>& param) { return param.param; });

}  // namespace
}  // namespace fstool::e2e

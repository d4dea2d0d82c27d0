// Tars that fstool writes are unpacked to the same tree by other programs, and archives that other programs write are
// the tree to fstool that they are unpacked to.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"
#include "harness/tree_comparison.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kNothing;

class Tar : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<std::string> tools = {"tar", "bsdtar", "zstd", "gzip", "xz"};
    FSTOOL_E2E_REQUIRE(true, tools);
    make_tree();
  }

  void make_tree() const {
    build_odd_root_tree(tree_);
    tree_.settle_times();
  }

  /// Runs a shell command in the test's directory.
  void shell(const std::string& command) const { expect_success({"sh", "-ec", command}, {.directory = work_.path()}); }

  void expect_equal(const fs::path& a, const fs::path& b, const Command& options = {}) const {
    Command command = {"diff", a.string(), b.string()};
    command.insert(command.end(), options.begin(), options.end());
    const ProcessResult diff = run_fstool(command);
    EXPECT_EQ(diff.exit_code, 0) << to_string(command);
    EXPECT_EQ(diff.output(), "");
  }

  const TempDir work_;
  const TreeBuilder tree_{work_ / "tree"};
};

constexpr const char* kGnuUnpack = "tar --xattrs '--xattrs-include=*' --acls --numeric-owner -xpf ";
// bsdtar leaves the time of the directory that it unpacks into.
constexpr const char* kBsdUnpack = "bsdtar --numeric-owner --xattrs --acls -xpf ";

TEST_F(Tar, OthersUnpackItToTheSameTree) {
  for (const std::string name : {"a.tar", "a.tar.gz", "a.tar.zst", "a.tgz"}) {
    const ProcessResult result =
        run_fstool({"create", "-t", "tar", tree_.root().string(), "-o", (work_ / name).string()});
    EXPECT_EQ(result.exit_code, 0) << result.output();
    EXPECT_EQ(result.err, "");
    int unpacked = 0;
    for (const std::string unpack : {kGnuUnpack, kBsdUnpack}) {
      const std::string out = name + std::to_string(unpacked++);
      shell("mkdir " + out + "; " + unpack + name + " -C " + out + "; touch -r tree " + out);
      EXPECT_EQ(tree_differences(tree_.root(), work_ / out), kNothing) << unpack << name;
    }
    expect_equal(tree_.root(), work_ / name);
  }
}

TEST_F(Tar, ComesOutOfAnImage) {
  const std::string image = (work_ / "image.ext4").string();
  expect_fstool_builds({"create", "-t", "ext4", tree_.root().string(), "-o", image});
  const std::string tar = (work_ / "out.tar.zst").string();
  EXPECT_EQ(run_fstool({"extract", image, "-o", tar}).exit_code, 0);
  expect_equal(image, tar);

  EXPECT_EQ(run_fstool({"extract", image, "etc", "names/passwd", "-o", (work_ / "some.tar").string()}).exit_code, 0);
  EXPECT_EQ(expect_success({"tar", "-tf", (work_ / "some.tar").string()}),
            "./\netc/\netc/absolute\netc/out\netc/passwd\nnames/\nnames/passwd\n");
}

TEST_F(Tar, IsTheSameFromAnyNumberOfThreads) {
  for (const std::string name : {"a.tar", "a.tar.gz", "a.tar.zst"}) {
    for (const std::string threads : {"1", "3"}) {
      EXPECT_EQ(run_fstool({"create", "-t", "tar", tree_.root().string(), "-o", (work_ / (threads + name)).string(),
                            "--threads", threads})
                    .exit_code,
                0);
    }
    EXPECT_EQ(sha256(work_ / ("1" + name)), sha256(work_ / ("3" + name)));
  }
}

TEST_F(Tar, AsASourceIsWhatTarMakesOfIt) {
  const std::vector<std::string> packs = {
      "tar --format=pax --xattrs '--xattrs-include=*' --acls --numeric-owner -cf a.tar -C tree .",
      "tar --format=pax -S --xattrs '--xattrs-include=*' --acls -cf a.tar -C tree .",
      "tar --format=pax -S --sparse-version=0.1 -cf a.tar -C tree .",
      "tar --format=gnu -cf a.tar -C tree .",
      "tar --format=gnu -S -cf a.tar -C tree .",
      "tar --format=gnu -S -czf a.tar -C tree .",
      "tar --format=pax -S -cJf a.tar -C tree .",
      "tar --format=pax --zstd -cf a.tar -C tree .",
      "bsdtar --format=pax --acls --xattrs -cf a.tar -C tree .",
  };
  for (const std::string& pack : packs) {
    SCOPED_TRACE(pack);
    // What bsdtar packs breadth first, GNU tar unpacks with the wrong times of directories.
    const bool by_bsdtar = pack.starts_with("bsdtar");
    shell("rm -rf out a.tar; " + pack + "; mkdir out; " + (by_bsdtar ? kBsdUnpack : kGnuUnpack) + "a.tar -C out" +
          (by_bsdtar ? "; touch -r tree out" : ""));
    expect_equal(work_ / "out", work_ / "a.tar");
  }
}

TEST_F(Tar, CpioAndZipAreSourcesToo) {
  shell(
      "rm -rf tree; mkdir -p tree/bin tree/lib; echo hello > tree/bin/hello; chmod 750 tree/bin/hello; "
      "ln -s hello tree/bin/link; ln tree/bin/hello tree/lib/hard; find tree -exec touch -hd @1000000000 {} +");
  for (const std::string format : {"newc", "odc", "zip"}) {
    const std::string links = format == "zip" ? "rm tree/lib/hard; touch -d @1000000000 tree/lib; " : "";
    shell("rm -rf out a; " + links + "bsdtar --format=" + format + " -cf a -C tree .; mkdir out; " + kBsdUnpack +
          "a -C out; touch -r tree out");
    expect_equal(work_ / "out", work_ / "a", {"--ignore", "owner"});
  }
}

TEST_F(Tar, BuildsAnImageThatHoldsTheSame) {
  shell("tar --format=pax --xattrs '--xattrs-include=*' --acls --numeric-owner -czf a.tar.gz -C tree .");
  const fs::path image = work_ / "image.ext4";
  EXPECT_EQ(run_fstool({"create", "-t", "ext4", (work_ / "a.tar.gz").string(), "-o", image.string()}).exit_code, 0);
  expect_clean_ext4(image);
  expect_mounted_equals(image, tree_.root());
}

TEST_F(Tar, IsNotTakenForADiskNorADiskForATar) {
  const std::string image = (work_ / "disk.img").string();
  expect_success({"mke2fs", "-q", "-t", "ext4", image, "8M"});
  expect_success({"gzip", "-k", image});
  // The compressed disk is a disk as well, and no archive.
  const auto built = [&](const std::string& source) {
    EXPECT_EQ(run_fstool({"create", "-t", "ext4", source, "-o", (work_ / "o").string()}).exit_code, 0) << source;
    return sha256(work_ / "o");
  };
  EXPECT_EQ(built(image + ".gz"), built(image));
}

}  // namespace
}  // namespace fstool::e2e

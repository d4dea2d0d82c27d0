// The same content gives the same bytes, whatever it comes in: a directory, a tar, a compressed tar, a container image,
// or a file system in an image.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

/// Writes an image layout of the OCI with one layer, the tar `layer`.
class ImageLayout {
 public:
  explicit ImageLayout(fs::path directory) : directory_(std::move(directory)) {
    fs::create_directories(directory_ / "blobs/sha256");
  }

  void write(const fs::path& layer) const {
    const std::string diff_id = sha256(layer);
    const std::string layer_descriptor = descriptor("application/vnd.oci.image.layer.v1.tar", add(read_text(layer)));
    const std::string config = fmt::format(
        R"({{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":["sha256:{}"]}}}})", diff_id);
    const std::string manifest = fmt::format(
        R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[{}]}})",
        descriptor("application/vnd.oci.image.config.v1+json", add(config)), layer_descriptor);
    write_text(directory_ / "index.json",
               fmt::format(R"({{"schemaVersion":2,"manifests":[{}]}})",
                           descriptor("application/vnd.oci.image.manifest.v1+json", add(manifest))));
    write_text(directory_ / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  }

 private:
  /// Returns the digest, and the size.
  std::pair<std::string, std::size_t> add(const std::string& bytes) const {
    const fs::path file = directory_ / "blobs/new";
    write_text(file, bytes);
    const std::string digest = sha256(file);
    fs::rename(file, directory_ / "blobs/sha256" / digest);
    return {digest, bytes.size()};
  }

  static std::string descriptor(const std::string& type, const std::pair<std::string, std::size_t>& blob) {
    return fmt::format(R"({{"mediaType":"{}","digest":"sha256:{}","size":{}}})", type, blob.first, blob.second);
  }

  fs::path directory_;
};

struct Output {
  std::string name;  ///< its ending chooses the container
  std::string spec;  ///< {0} is the source, {1} more keys of the file system
};

class SameBytes : public testing::Test {
 protected:
  void SetUp() override { FSTOOL_E2E_REQUIRE(true, {"tar", "zstd"}); }

  std::string at(const std::string& name) const { return (work_ / name).string(); }

  /// Puts the content of the directory "tree" into everything else.
  void make_sources(const std::string& image_type) {
    expect_success({"tar", "--create", "--format=pax", "--sparse", "--acls", "--xattrs", "--xattrs-include=*",
                    "--numeric-owner", "--file", at("tree.tar"), "--directory", at("tree"), "."});
    expect_success({"zstd", "-q", at("tree.tar"), "-o", at("tree.tar.zst")});
    ImageLayout(work_ / "layout").write(work_ / "tree.tar");
    expect_fstool_builds({"create", "-t", image_type, at("tree"), "-o", at("old.img")});
    sources_ = {"tree", "tree.tar", "tree.tar.zst", "layout", "old.img"};
  }

  void expect_same(const Output& output) const {
    for (const std::string more : {"", "mtime = 1700000000"}) {
      std::string expected;
      for (const std::string& source : sources_) {
        write_text(work_ / "spec.toml", fmt::format(fmt::runtime(output.spec), source, more));
        expect_fstool_builds({"run", at("spec.toml"), "-o", at(output.name)});
        const std::string bytes = sha256(work_ / output.name);
        if (expected.empty()) expected = bytes;
        EXPECT_EQ(bytes, expected) << output.name << " of " << source << ' ' << more;
      }
    }
  }

  const TempDir work_;
  std::vector<std::string> sources_;
};

TEST_F(SameBytes, OfEverythingThatAnExt4CanHold) {
  const TreeBuilder tree(work_ / "tree");
  build_odd_root_tree(tree);
  tree.settle_times();
  make_sources("ext4");
  expect_same({"x.ext4", "[filesystem]\ntype = \"ext4\"\nsource = \"{0}\"\n{1}\n"});
  expect_same({"x.tar", "[filesystem]\ntype = \"tar\"\nsource = \"{0}\"\n{1}\n"});
  expect_same({"x.qcow2",
               "[codec]\ntype = \"zstd\"\n[image]\npartition_table = \"gpt\"\n[[partitions]]\nname = \"root\"\n"
               "type = \"linux\"\n[partitions.filesystem]\ntype = \"ext4\"\nsource = \"{0}\"\n{1}\n"});
}

TEST_F(SameBytes, OfFilesInAFat) {
  const TreeBuilder tree(work_ / "tree");
  tree.file("EFI/BOOT/BOOTX64.EFI", 200'000, Content::Random);
  tree.file("a long name.txt", "text");
  tree.file("empty", "");
  tree.directory("nothing");
  tree.settle_times();
  make_sources("ext4");
  expect_same({"x.fat", "[filesystem]\ntype = \"fat\"\nsource = \"{0}\"\n{1}\n"});
}

}  // namespace
}  // namespace fstool::e2e

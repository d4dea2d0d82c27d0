// A part of a file system can be opened without the rest.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>

#include "formatted.h"
#include "opened.h"

namespace fstool::ext4 {
namespace {

using Depth = OpenScope::Depth;

/// Counts what is read of another Blob.
class CountingBlob final : public Blob {
 public:
  explicit CountingBlob(BlobPtr blob) : blob_(std::move(blob)) {}
  std::uint64_t size() const override { return blob_->size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    bytes += out.size();
    largest = std::max<std::uint64_t>(largest, out.size());
    blob_->read(offset, out);
  }
  Run run_at(std::uint64_t offset) const override { return blob_->run_at(offset); }

  mutable std::atomic<std::uint64_t> bytes = 0;
  mutable std::atomic<std::uint64_t> largest = 0;

 private:
  BlobPtr blob_;
};

/// /etc with a few files, /usr/lib/os-release behind a link, and `others` files elsewhere.
BlobPtr image_with(unsigned others) {
  Tree tree;
  const NodeId etc = tree.add(Tree::kRoot, "etc", directory_node());
  tree.add(etc, "passwd", file_node(1000));
  const NodeId ssh = tree.add(etc, "ssh", directory_node());
  tree.add(ssh, "key", file_node(10));
  tree.add(etc, "os-release", symlink_node("../usr/lib/os-release"));
  const NodeId usr = tree.add(Tree::kRoot, "usr", directory_node());
  const NodeId lib = tree.add(usr, "lib", directory_node());
  tree.add(lib, "os-release", file_node(300));
  const NodeId share = tree.add(usr, "share", directory_node());
  NodeId directory = share;
  for (unsigned i = 0; i < others; ++i) {
    if (i % 100 == 0) directory = tree.add(share, fmt::format("d{}", i), directory_node());
    tree.add(directory, fmt::format("file{}", i), file_node(1));
  }
  return format_tree(std::move(tree), {}, std::uint64_t{256} << 20).image;
}

class ReadScope : public testing::Test {
 protected:
  Tree open(const BlobPtr& image, const OpenScope& scope) {
    return ExtFilesystem(Generation::Ext4, {}).open(image, scope, context_).tree;
  }
  /// The paths of all that is in a tree, in order.
  static std::string paths(const Tree& tree, NodeId directory = Tree::kRoot, const std::string& prefix = "") {
    std::string text;
    for (const DirEntry& entry : tree.entries(directory)) {
      const std::string path = prefix + std::string(entry.name);
      text += path + ' ';
      if (tree.node(entry.node).kind == NodeKind::Directory) text += paths(tree, entry.node, path + '/');
    }
    return text;
  }

  Registry registry_;
  Context context_{registry_, {.threads = 1, .strict = true}};
};

TEST_F(ReadScope, HasWhatWasAskedForAndTheWayThere) {
  const BlobPtr image = image_with(10);
  EXPECT_EQ(paths(open(image, {"", Depth::Node})), "");
  EXPECT_EQ(paths(open(image, {"", Depth::Children})), "etc lost+found usr ");
  EXPECT_EQ(paths(open(image, {"etc", Depth::Node})), "etc ");
  EXPECT_EQ(paths(open(image, {"etc", Depth::Children})), "etc etc/os-release etc/passwd etc/ssh ");
  EXPECT_EQ(paths(open(image, {"etc", Depth::Everything})), "etc etc/os-release etc/passwd etc/ssh etc/ssh/key ");
  EXPECT_EQ(paths(open(image, {"usr/lib/os-release", Depth::Node})), "usr usr/lib usr/lib/os-release ");
  EXPECT_EQ(paths(open(image, {"usr/lib/os-release", Depth::Everything})), "usr usr/lib usr/lib/os-release ");
}

TEST_F(ReadScope, EndsWhereThePathGoesThroughNoDirectory) {
  const BlobPtr image = image_with(1);
  EXPECT_EQ(paths(open(image, {"etc/os-release/x/y", Depth::Children})), "etc etc/os-release ");
  EXPECT_EQ(paths(open(image, {"etc/passwd/x", Depth::Everything})), "etc etc/passwd ");
  EXPECT_EQ(paths(open(image, {"etc/absent", Depth::Children})), "etc ");
  EXPECT_EQ(paths(open(image, {"absent/x", Depth::Node})), "");
}

TEST_F(ReadScope, NodesAreTheSameAsInTheWholeTree) {
  const BlobPtr image = image_with(1);
  const Tree whole = open(image, {});
  const Tree part = open(image, {"usr/lib/os-release", Depth::Node});
  const Node& expected = whole.node(*whole.find_path("usr/lib/os-release"));
  const Node& actual = part.node(*part.find_path("usr/lib/os-release"));
  EXPECT_EQ(expected.recorded->number, actual.recorded->number);
  EXPECT_EQ(expected.mtime, actual.mtime);
  EXPECT_EQ(bytes_of_image(*expected.content), bytes_of_image(*actual.content));
}

TEST_F(ReadScope, ReadsAsMuchWhateverElseThereIs) {
  std::uint64_t few = 0;
  for (const unsigned others : {10U, 5000U}) {
    const auto image = std::make_shared<CountingBlob>(image_with(others));
    open(image, {"etc", Depth::Children});
    EXPECT_LE(image->bytes, 512U << 10U) << others << " other files";
    EXPECT_LE(image->largest, 256U << 10U) << "no read is large";
    if (few == 0) few = image->bytes;
    // The other files may make a directory on the way a block longer, not more.
    EXPECT_LE(image->bytes, few + (std::uint64_t{64} << 10)) << others << " other files";
  }
}

}  // namespace
}  // namespace fstool::ext4

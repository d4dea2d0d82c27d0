#include "manifest.h"

#include <gtest/gtest.h>

#include <span>

#include "fstool/error.h"
#include "fstool/registry.h"

namespace fstool {
namespace {

class Unreadable : public Blob {
 public:
  std::uint64_t size() const override { return 10; }
  void read(std::uint64_t /*offset*/, std::span<std::byte> /*out*/) const override {
    throw Error(ErrorCode::Corrupt, "it is damaged");
  }
};

class ManifestTest : public testing::Test {
 protected:
  std::string manifest(NodeId root = Tree::kRoot) {
    Context context(registry_, {.threads = 2});
    std::string text;
    list_manifest(tree_, root, context, [&](const ManifestEntry& entry) { text += manifest_lines(tree_, entry); });
    return text;
  }
  static Node node_of(NodeKind kind) {
    Node node;
    node.kind = kind;
    node.mtime = {5, 7};
    return node;
  }

  Registry registry_;
  Tree tree_;
};

TEST_F(ManifestTest, HasALineForEachName) {
  const NodeId directory = tree_.add(Tree::kRoot, "d", node_of(NodeKind::Directory));
  Node link = node_of(NodeKind::Symlink);
  link.target = "a b";
  tree_.add(directory, "link", std::move(link));
  Node device = node_of(NodeKind::BlockDevice);
  device.device = {8, 1};
  tree_.add(directory, "sda#1", std::move(device));
  Node file = node_of(NodeKind::File);
  file.permissions = 04755;
  file.xattrs = std::make_shared<const Xattrs>(Xattrs{{"user.a", "foo"}});
  const NodeId empty = tree_.add(Tree::kRoot, "e\nf", std::move(file));
  tree_.link(Tree::kRoot, "g", empty);
  const std::string kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const std::string of_file = " type=file mode=4755 uid=0 gid=0 size=0 time=5.000000007 sha256digest=" + kEmpty +
                              " nlink=2\n# xattr user.a=Zm9v\n";
  const std::string of_directory = "./link type=link mode=0644 uid=0 gid=0 time=5.000000007 link=a\\040b nlink=1\n";
  EXPECT_EQ(manifest(),
            ". type=dir mode=0755 uid=0 gid=0 time=0.000000000\n"
            "./d type=dir mode=0644 uid=0 gid=0 time=5.000000007\n"
            "./d/link type=link mode=0644 uid=0 gid=0 time=5.000000007 link=a\\040b nlink=1\n"
            "./d/sda\\0431 type=block mode=0644 uid=0 gid=0 time=5.000000007 device=native,8,1 nlink=1\n"
            "./e\\012f" +
                of_file + "./g" + of_file);
  EXPECT_NE(manifest(directory).find("\n" + of_directory), std::string::npos) << "paths begin where it begins";
}

TEST_F(ManifestTest, NamesTheFileThatCantBeRead) {
  Node file = node_of(NodeKind::File);
  file.content = std::make_shared<Unreadable>();
  tree_.add(Tree::kRoot, "bad", std::move(file));
  try {
    manifest();
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "/bad: it is damaged");
  }
}

}  // namespace
}  // namespace fstool

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cpio_filesystem.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "fstool/tree.h"
#include "newc_header.h"

namespace cpio {
namespace {

using fstool::BlobPtr;
using fstool::Node;
using fstool::NodeId;
using fstool::NodeKind;
using fstool::Tree;

BlobPtr text_blob(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return fstool::make_memory_blob({bytes.begin(), bytes.end()});
}

std::string text_of(const BlobPtr& blob) {
  std::string text(blob->size(), '\0');
  blob->read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

Node node_of(NodeKind kind) {
  Node node;
  node.kind = kind;
  node.mtime.seconds = 1'700'000'000;
  return node;
}

std::shared_ptr<Tree> sample_tree() {
  auto tree = std::make_shared<Tree>();
  Node directory = node_of(NodeKind::Directory);
  directory.permissions = 0750;
  directory.gid = 5;
  const NodeId etc = tree->add(Tree::kRoot, "etc", std::move(directory));
  Node file = node_of(NodeKind::File);
  file.uid = 1000;
  file.content = text_blob("hello");
  tree->link(Tree::kRoot, "z-again", tree->add(etc, "a", std::move(file)));
  tree->add(etc, "empty", node_of(NodeKind::File));
  Node link = node_of(NodeKind::Symlink);
  link.target = "etc/a";
  tree->add(Tree::kRoot, "link", std::move(link));
  Node console = node_of(NodeKind::CharDevice);
  console.device = {5, 1};
  tree->add(Tree::kRoot, "console", std::move(console));
  tree->add(Tree::kRoot, "fifo", node_of(NodeKind::Fifo));
  return tree;
}

class CpioTest : public testing::Test {
 protected:
  BlobPtr format(std::shared_ptr<const Tree> tree, fstool::SizeRequest size = {}, CpioOptions options = {}) {
    return CpioFilesystem(options).format(std::move(tree), {.size = size, .seed = fstool::Seed("")}, context_).image;
  }
  fstool::Volume open(BlobPtr image) { return CpioFilesystem({}).open(std::move(image), {}, context_); }
  fstool::ErrorCode open_error(const std::string& image) {
    try {
      open(text_blob(image));
    } catch (const fstool::Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "it was opened";
    return fstool::ErrorCode::Internal;
  }

  const fstool::Registry registry_;
  fstool::Context context_{registry_, {}};
};

TEST_F(CpioTest, GivesBackTheTreeItTook) {
  const BlobPtr image = format(sample_tree());
  EXPECT_EQ(image->size() % 512, 0U);
  EXPECT_TRUE(CpioFilesystem({}).probe(*image));
  const fstool::Volume volume = open(image);
  const Tree& tree = volume.tree;
  const Node& etc = tree.node(tree.find_path("etc").value());
  EXPECT_EQ(etc.permissions, 0750);
  EXPECT_EQ(etc.gid, 5U);
  const NodeId file = tree.find_path("etc/a").value();
  EXPECT_EQ(tree.find_path("z-again"), file);
  EXPECT_EQ(tree.links(file), 2U);
  EXPECT_EQ(text_of(tree.node(file).content), "hello");
  EXPECT_EQ(tree.node(file).uid, 1000U);
  EXPECT_EQ(tree.node(file).mtime.seconds, 1'700'000'000);
  EXPECT_EQ(tree.node(tree.find_path("etc/empty").value()).content->size(), 0U);
  EXPECT_EQ(tree.node(tree.find_path("link").value()).target, "etc/a");
  EXPECT_EQ(tree.node(tree.find_path("console").value()).device, (fstool::DeviceNumber{5, 1}));
  EXPECT_EQ(tree.node(tree.find_path("fifo").value()).kind, NodeKind::Fifo);
}

TEST_F(CpioTest, TheLastNameOfAFileHasItsContent) {
  const std::string image = text_of(format(sample_tree()));
  EXPECT_GT(image.find("hello"), image.find("z-again"));
}

TEST_F(CpioTest, OwnersMayBeLeftOut) {
  const fstool::Volume volume = open(format(sample_tree(), {}, {.owners = false}));
  EXPECT_EQ(volume.tree.node(volume.tree.find_path("etc/a").value()).uid, 0U);
}

TEST_F(CpioTest, HasTheSizeThatIsAskedFor) {
  EXPECT_EQ(format(sample_tree(), {.fixed = 100'001})->size(), 100'001U);
  EXPECT_THROW(format(sample_tree(), {.fixed = 100}), fstool::Error);
  EXPECT_THROW(format(sample_tree(), {.fixed = {}, .free_bytes = 1}), fstool::Error);
}

TEST_F(CpioTest, RefusesWhatItCanNotHold) {
  auto large = std::make_shared<Tree>();
  Node file = node_of(NodeKind::File);
  file.content = fstool::make_hole_blob(std::uint64_t{1} << 32U);
  large->add(Tree::kRoot, "large", std::move(file));
  EXPECT_THROW(format(large), fstool::Error);
  auto old = std::make_shared<Tree>();
  old->node(Tree::kRoot).mtime.seconds = -1;
  EXPECT_THROW(format(old), fstool::Error);
}

TEST_F(CpioTest, LaterArchivesTakeThePlaceOfEarlierOnes) {
  auto second = std::make_shared<Tree>();
  Node file = node_of(NodeKind::File);
  file.content = text_blob("new");
  second->add(Tree::kRoot, "link", std::move(file));
  const fstool::Volume volume = open(text_blob(text_of(format(sample_tree())) + text_of(format(second))));
  EXPECT_EQ(text_of(volume.tree.node(volume.tree.find_path("link").value()).content), "new");
  EXPECT_TRUE(volume.tree.find_path("etc/a"));
}

TEST_F(CpioTest, MakesDirectoriesThatHaveNoMember) {
  const fstool::Volume volume =
      open(text_blob(member_start({.mode = 0100644}, "./a//b/c") + member_start({}, kTrailer)));
  EXPECT_TRUE(volume.tree.find_path("a/b/c"));
}

TEST_F(CpioTest, RefusesNamesThatLeadOut) {
  for (const char* const name : {"../a", "a/../../b", ".."}) {
    EXPECT_EQ(open_error(member_start({.mode = 0100644}, name) + member_start({}, kTrailer)),
              fstool::ErrorCode::Corrupt);
  }
}

TEST_F(CpioTest, RefusesFilesInFiles) {
  EXPECT_EQ(open_error(member_start({.mode = 0100644}, "a") + member_start({.mode = 0100644}, "a/b") +
                       member_start({}, kTrailer)),
            fstool::ErrorCode::Corrupt);
}

TEST_F(CpioTest, CutArchivesAreErrors) {
  const std::string image = text_of(format(sample_tree()));
  const std::size_t end = image.find(kTrailer) + kTrailer.size();
  for (std::size_t size = 0; size <= end; ++size) {
    EXPECT_EQ(open_error(image.substr(0, size)), fstool::ErrorCode::Corrupt) << size;
  }
}

TEST_F(CpioTest, DamageIsAnErrorOrATree) {
  const std::string image = text_of(format(sample_tree()));
  for (std::size_t i = 0; i < image.size(); ++i) {
    for (const char value : {'\0', '/', '.', '0', 'F'}) {
      std::string damaged = image;
      damaged[i] = value;
      try {
        const fstool::Volume volume = open(text_blob(damaged));
      } catch (const fstool::Error& error) {
        EXPECT_EQ(error.code(), fstool::ErrorCode::Corrupt) << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace cpio

#include "rootdevs.h"

#include <gtest/gtest.h>

#include "fstool/error.h"

namespace fstool {
namespace {

const Node& device(const Tree& tree, const std::string& name) {
  const auto id = tree.find_path("dev/" + name);
  if (!id) throw std::runtime_error("no /dev/" + name);
  return tree.node(*id);
}

TEST(RootDevicesTest, NoneLeavesTheTreeAlone) {
  Tree tree;
  add_root_devices(tree, RootDevices::None, {});
  EXPECT_TRUE(tree.entries(Tree::kRoot).empty());
}

TEST(RootDevicesTest, MinimalMakesWhatAnInitNeeds) {
  Tree tree;
  add_root_devices(tree, RootDevices::Minimal, {.seconds = 5});
  EXPECT_EQ(tree.entries(*tree.find_path("dev")).size(), 8U);
  EXPECT_EQ(tree.node(*tree.find_path("dev")).permissions, 0755);
  EXPECT_EQ(tree.node(*tree.find_path("dev")).mtime.seconds, 5);
  const Node& console = device(tree, "console");
  EXPECT_EQ(console.kind, NodeKind::CharDevice);
  EXPECT_EQ(console.device, (DeviceNumber{5, 1}));
  EXPECT_EQ(console.permissions, 0600);
  EXPECT_EQ(device(tree, "null").device, (DeviceNumber{1, 3}));
  EXPECT_EQ(device(tree, "null").permissions, 0666);
  EXPECT_EQ(device(tree, "fuse").device, (DeviceNumber{10, 229}));
  EXPECT_EQ(device(tree, "null").mtime.seconds, 5);
}

TEST(RootDevicesTest, StandardAddsTerminalsAndDisks) {
  Tree tree;
  add_root_devices(tree, RootDevices::Standard, {});
  EXPECT_EQ(device(tree, "null").device, (DeviceNumber{1, 3}));
  EXPECT_EQ(device(tree, "tty15").device, (DeviceNumber{4, 15}));
  EXPECT_EQ(device(tree, "ttyS3").device, (DeviceNumber{4, 67}));
  EXPECT_EQ(device(tree, "hdb4").device, (DeviceNumber{3, 68}));
  EXPECT_EQ(device(tree, "hdd").device, (DeviceNumber{22, 64}));
  const Node& partition = device(tree, "sdd4");
  EXPECT_EQ(partition.kind, NodeKind::BlockDevice);
  EXPECT_EQ(partition.device, (DeviceNumber{8, 52}));
}

TEST(RootDevicesTest, KeepsNamesThatExist) {
  Tree tree;
  Node directory;
  directory.kind = NodeKind::Directory;
  directory.permissions = 0700;
  const NodeId dev = tree.add(Tree::kRoot, "dev", std::move(directory));
  tree.add(dev, "null", Node{});
  add_root_devices(tree, RootDevices::Minimal, {});
  EXPECT_EQ(device(tree, "null").kind, NodeKind::File);
  EXPECT_EQ(device(tree, "zero").kind, NodeKind::CharDevice);
  EXPECT_EQ(tree.node(dev).permissions, 0700);
}

TEST(RootDevicesTest, RefusesADevThatIsNoDirectory) {
  Tree tree;
  tree.add(Tree::kRoot, "dev", Node{});
  EXPECT_THROW(add_root_devices(tree, RootDevices::Minimal, {}), Error);
}

}  // namespace
}  // namespace fstool

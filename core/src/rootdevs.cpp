// Numbers: Linux, Documentation/admin-guide/devices.txt. Permissions: what the kernel's devtmpfs gives the nodes of the
// minimal set; for terminals and disks those of common static /dev tables, with the group left to root because the
// numbers of groups such as "tty" and "disk" are the distribution's.

#include "rootdevs.h"

#include <fmt/format.h>

#include <string>

#include "fstool/error.h"

namespace fstool {

namespace {

class DeviceDirectory {
 public:
  DeviceDirectory(Tree& tree, Timestamp mtime) : tree_(tree), mtime_(mtime) {
    if (const auto existing = tree.find(Tree::kRoot, "dev")) {
      if (tree.node(*existing).kind != NodeKind::Directory) {
        throw Error(ErrorCode::InvalidArgument, "rootdevs: /dev exists in the source and is not a directory");
      }
      directory_ = *existing;
    } else {
      Node node;
      node.kind = NodeKind::Directory;
      node.permissions = 0755;
      node.mtime = mtime;
      directory_ = tree.add(Tree::kRoot, "dev", std::move(node));
    }
  }

  void add(NodeKind kind, const std::string& name, DeviceNumber device, std::uint16_t permissions) {
    if (tree_.find(directory_, name)) return;
    Node node;
    node.kind = kind;
    node.permissions = permissions;
    node.device = device;
    node.mtime = mtime_;
    tree_.add(directory_, name, std::move(node));
  }

  void add_characters(const std::string& name, std::uint32_t major, std::uint32_t minor, std::uint16_t permissions) {
    add(NodeKind::CharDevice, name, {.major = major, .minor = minor}, permissions);
  }

  /// A disk and its first four partitions, which have the minor numbers behind its own.
  void add_disk(const std::string& name, std::uint32_t major, std::uint32_t minor) {
    constexpr std::uint32_t kPartitions = 4;
    add(NodeKind::BlockDevice, name, {.major = major, .minor = minor}, 0660);
    for (std::uint32_t i = 1; i <= kPartitions; ++i) {
      add(NodeKind::BlockDevice, name + std::to_string(i), {.major = major, .minor = minor + i}, 0660);
    }
  }

 private:
  Tree& tree_;
  Timestamp mtime_;
  NodeId directory_ = 0;
};

void add_minimal(DeviceDirectory& dev) {
  dev.add_characters("console", 5, 1, 0600);
  dev.add_characters("null", 1, 3, 0666);
  dev.add_characters("zero", 1, 5, 0666);
  dev.add_characters("ptmx", 5, 2, 0666);
  dev.add_characters("tty", 5, 0, 0666);
  dev.add_characters("fuse", 10, 229, 0666);
  dev.add_characters("random", 1, 8, 0666);
  dev.add_characters("urandom", 1, 9, 0666);
}

void add_standard(DeviceDirectory& dev) {
  dev.add_characters("mem", 1, 1, 0640);
  dev.add_characters("port", 1, 4, 0640);
  dev.add_characters("kmsg", 1, 11, 0644);
  for (std::uint32_t i = 0; i < 16; ++i) dev.add_characters(fmt::format("tty{}", i), 4, i, 0620);
  for (std::uint32_t i = 0; i < 4; ++i) dev.add_characters(fmt::format("ttyS{}", i), 4, 64 + i, 0660);
  dev.add_disk("hda", 3, 0);
  dev.add_disk("hdb", 3, 64);
  dev.add_disk("hdc", 22, 0);
  dev.add_disk("hdd", 22, 64);
  for (std::uint32_t i = 0; i < 4; ++i) dev.add_disk(fmt::format("sd{}", static_cast<char>('a' + i)), 8, 16 * i);
}

}  // namespace

void add_root_devices(Tree& tree, RootDevices devices, Timestamp mtime) {
  if (devices == RootDevices::None) return;
  DeviceDirectory dev(tree, mtime);
  add_minimal(dev);
  if (devices == RootDevices::Standard) add_standard(dev);
}

}  // namespace fstool

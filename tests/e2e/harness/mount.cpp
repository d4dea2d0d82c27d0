#include "mount.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <iostream>
#include <utility>

namespace fstool::e2e {

namespace {

constexpr unsigned kLoopMajor = 7;

/// From now on mounts of this process are seen by it and its children alone, and end with them.
void enter_private_mount_namespace() {
  static const bool entered = [] {
    check(unshare(CLONE_NEWNS), "unshare(CLONE_NEWNS)");
    check(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "making mounts private");
    return true;
  }();
  static_cast<void>(entered);
}

/// Opens /dev/loopN, making the node where nothing makes it on its own (in a container).
Descriptor open_loop(int number, const std::string& path, int flags) {
  int fd = open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    const int made = mknod(path.c_str(), S_IFBLK | 0600, makedev(kLoopMajor, static_cast<unsigned>(number)));
    if (made < 0 && errno != EEXIST) check(made, "mknod " + path);
    fd = open(path.c_str(), flags | O_CLOEXEC);
  }
  return Descriptor(check(fd, "open " + path));
}

std::pair<std::string, Descriptor> attach(const std::filesystem::path& file, const LoopOptions& options) {
  const int flags = options.access == Access::ReadOnly ? O_RDONLY : O_RDWR;
  const Descriptor backing(check(open(file.c_str(), flags | O_CLOEXEC), "open " + file.string()));
  const Descriptor control(check(open("/dev/loop-control", O_RDWR | O_CLOEXEC), "open /dev/loop-control"));
  loop_config config{};
  config.fd = static_cast<std::uint32_t>(backing.get());
  config.block_size = options.sector_size;
  config.info.lo_offset = options.offset;
  config.info.lo_sizelimit = options.size;
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  if (options.access == Access::ReadOnly) config.info.lo_flags |= LO_FLAGS_READ_ONLY;
  while (true) {
    const int number = check(ioctl(control.get(), LOOP_CTL_GET_FREE), "LOOP_CTL_GET_FREE");
    std::string path = "/dev/loop" + std::to_string(number);
    Descriptor device = open_loop(number, path, flags);
    if (ioctl(device.get(), LOOP_CONFIGURE, &config) == 0) return {std::move(path), std::move(device)};
    // Another test was faster; the next free one is ours.
    if (errno != EBUSY) check(-1, "LOOP_CONFIGURE " + path);
  }
}

}  // namespace

LoopDevice::LoopDevice(const std::filesystem::path& file, const LoopOptions& options)
    : LoopDevice(attach(file, options)) {}

LoopDevice::LoopDevice(std::pair<std::string, Descriptor> attached)
    : path_(std::move(attached.first)), fd_(std::move(attached.second)) {}

Mount::Mount(const std::string& device, const std::string& type, Access access, const std::string& options) {
  enter_private_mount_namespace();
  const unsigned long flags = access == Access::ReadOnly ? MS_RDONLY : 0;
  check(mount(device.c_str(), path().c_str(), type.c_str(), flags, options.c_str()), "mounting " + device);
}

Mount::~Mount() {
  if (umount2(path().c_str(), 0) == 0) return;
  // Removing the directory next must not empty the file system.
  std::cerr << "can't unmount " << path() << ": " << std::generic_category().message(errno) << '\n';
  umount2(path().c_str(), MNT_DETACH);
}

LoopMount::LoopMount(const std::filesystem::path& file, Access access, std::uint64_t offset, std::uint64_t size)
    : device_(file, {.access = access, .offset = offset, .size = size}), mount_(device_.path(), "ext4", access) {}

}  // namespace fstool::e2e

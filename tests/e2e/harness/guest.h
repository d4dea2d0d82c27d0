/// \file
/// Virtual machines: QEMU without acceleration, so that a test is the same on every host.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "mount.h"
#include "process.h"

namespace fstool::e2e {

/// A kernel, and the directory of its modules ("…/kernel").
struct Kernel {
  std::filesystem::path image;
  std::filesystem::path modules;
};

/// The kernel of Debian's cloud images, from the host's apt sources, below `directory`.
Kernel fetch_kernel(const std::filesystem::path& directory);

/// A guest with 512 MiB of memory and no devices but those of `arguments`; what it says on its serial console is the
/// standard output. It is ended after 300 seconds: then it is no longer a slow one. Not thread-safe.
class Guest {
 public:
  explicit Guest(const Command& arguments);

  /// Waits until it switches itself off, and returns its console, without carriage returns.
  std::string console();

 private:
  Process qemu_;
};

/// A disk of some guest.
struct GuestDisk {
  std::filesystem::path raw;
  unsigned sector_size = 512;  ///< bytes
  Access access = Access::ReadOnly;
};

/// What a guest does.
struct GuestScript {
  /// For the shell of busybox, whose applets are in PATH, as root, in "/". The disks are /dev/nvme0n1, /dev/nvme0n2 and
  /// so on; /proc, /sys and /dev are mounted, /mnt and /tmp are empty directories.
  std::string_view text;
  /// What to load of the kernel first, below the directory of its modules: "fs/fat/fat". Each behind those that it
  /// needs.
  std::vector<std::string> modules = {};
};

/// Runs a script in a guest with `disks`, and returns what it writes to its standard output, up to 64 MiB. That it
/// succeeds without a word on its standard error is expected. `work` is for the guest's own files.
std::string run_in_guest(const GuestScript& script, const std::vector<GuestDisk>& disks,
                         const std::filesystem::path& work);

/// What a partition table looks like to the kernel: places are in units of 512 bytes whatever the sectors have.
struct KernelPartition {
  unsigned long long number = 0;
  unsigned long long start = 0;
  unsigned long long size = 0;
};

/// The partitions that the kernel of a guest sees on each of `disks`, in the order of their numbers. `work` is for the
/// guest's own files.
std::vector<std::vector<KernelPartition>> partitions_seen_by_kernel(const std::vector<GuestDisk>& disks,
                                                                    const std::filesystem::path& work);

}  // namespace fstool::e2e

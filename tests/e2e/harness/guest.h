/// \file
/// Virtual machines: QEMU without acceleration, so that a test is the same on every host.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "process.h"

namespace fstool::e2e {

/// The kernel of Debian's cloud images, from the host's apt sources, below `directory`.
std::filesystem::path fetch_kernel(const std::filesystem::path& directory);

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
};

/// What a partition table looks like to the kernel: places are in units of 512 bytes whatever the sectors have.
struct KernelPartition {
  unsigned long long number = 0;
  unsigned long long start = 0;
  unsigned long long size = 0;
};

/// The partitions that the kernel of a guest sees on each of `disks`, which it can't write to, in the order of their
/// numbers. `work` is for the guest's own files.
std::vector<std::vector<KernelPartition>> partitions_seen_by_kernel(const std::vector<GuestDisk>& disks,
                                                                    const std::filesystem::path& work);

}  // namespace fstool::e2e

/// \file
/// Loop devices and mounts. Mounts are made in a mount namespace of the test's own and loop devices clear themselves,
/// so that nothing stays behind even if the test is killed. Both need root.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "check.h"
#include "temp_dir.h"

namespace fstool::e2e {

enum class Access { ReadOnly, ReadWrite };

/// What a loop device is to be like.
struct LoopOptions {
  Access access = Access::ReadOnly;
  std::uint64_t offset = 0;         ///< bytes into the file
  std::uint64_t size = 0;           ///< bytes; 0: to the end of the file
  std::uint32_t sector_size = 512;  ///< bytes
};

/// A loop device on a range of a file. Any number of tests may make some at the same time.
class LoopDevice {
 public:
  /// Throws std::system_error.
  LoopDevice(const std::filesystem::path& file, const LoopOptions& options);

  /// "/dev/loop3"
  const std::string& path() const noexcept { return path_; }

 private:
  explicit LoopDevice(std::pair<std::string, Descriptor> attached);

  std::string path_;
  Descriptor fd_;  // the kernel clears the device when the last user closes it
};

/// Something mounted on a directory of its own; unmounted with this object.
class Mount {
 public:
  /// Mounts `device` ("/dev/loop3"; "none" for a tmpfs) with the mount options of the type. Throws std::system_error.
  Mount(const std::string& device, const std::string& type, Access access, const std::string& options = "");
  ~Mount();
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;

  const std::filesystem::path& path() const noexcept { return directory_.path(); }

 private:
  TempDir directory_;
};

/// The ext4 file system in a range of a file, mounted.
class LoopMount {
 public:
  LoopMount(const std::filesystem::path& file, Access access, std::uint64_t offset = 0, std::uint64_t size = 0);

  const std::filesystem::path& path() const noexcept { return mount_.path(); }

 private:
  LoopDevice device_;
  Mount mount_;
};

}  // namespace fstool::e2e

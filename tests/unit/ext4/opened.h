/// \file
/// Opens images in memory and compares Trees.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "filesystem.h"
#include "fstool/registry.h"

namespace fstool::ext4 {

/// A volume that was opened, with what it was opened with.
struct Opened {
  std::vector<std::string> warnings() const;

  struct Listener;
  std::shared_ptr<Listener> listener;
  std::unique_ptr<Registry> registry;
  std::unique_ptr<Context> context;
  Volume volume;

  const Tree& tree() const { return volume.tree; }
  /// The node at a path, which must exist.
  const Node& at(std::string_view path) const;
};

/// Opens `image`. Errors as Filesystem::open().
Opened open_image(BlobPtr image, bool strict = false);

/// All of `image` in memory.
std::vector<std::byte> bytes_of_image(const Blob& image);

/// In what two trees differ, one line each, but for a directory "lost+found" in the root of `actual`.
std::vector<std::string> tree_differences(const Tree& expected, const Tree& actual);

}  // namespace fstool::ext4

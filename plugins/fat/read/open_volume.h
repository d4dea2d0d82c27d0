/// \file
/// Opens a FAT file system.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fstool/filesystem.h"
#include "read/volume_state.h"

namespace fstool::fat {

/// True if the image begins with the boot sector of a FAT file system. Never throws on damaged bytes.
bool probe_volume(const Blob& image);

/// What the file system says about itself. Throws Error(Corrupt/Unsupported/Io).
VolumeFacts inspect_volume(BlobPtr image, Context& context);

/// A file system with its tree.
struct OpenedTree {
  std::shared_ptr<const VolumeState> state;
  Volume volume;
  /// The first clusters of files and directories, by NodeId; 0: it has none. That of FAT32's root is among them. Not
  /// checked.
  std::vector<std::uint32_t> first_clusters;
};

/// As open_volume(), with what is not in the Volume.
OpenedTree open_tree(BlobPtr image, const OpenScope& scope, Context& context);

/// The tree and the facts. If all of it is opened, the free clusters are counted, and FSInfo is reported if it says
/// something else. The Context must outlive the Volume. Throws as inspect_volume().
Volume open_volume(BlobPtr image, const OpenScope& scope, Context& context);

}  // namespace fstool::fat

/// \file
/// Opens images of ext2, ext3 and ext4.
#pragma once

#include <memory>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/filesystem.h"
#include "read/group_table.h"
#include "read/volume_state.h"

namespace fstool::ext4 {

/// A file system whose superblock, journal and group descriptors were read.
struct OpenedVolume {
  std::shared_ptr<const VolumeState> state;
  GroupTable groups;  ///< of *state
  Superblock superblock;
  VolumeFacts facts;
};

/// Opens an image so far. Reports what is wrong with it; throws as Filesystem::open().
OpenedVolume open_groups(BlobPtr image, Context& context);

/// See Filesystem::open(). A file system that was not unmounted is shown as it is after its journal was replayed.
/// Directories, inodes and extended attributes of `scope` are read now; block maps and contents when somebody reads the
/// contents.
Volume open_volume(BlobPtr image, const OpenScope& scope, Context& context);

/// See Filesystem::inspect(): reads superblock, journal and group descriptors.
VolumeFacts inspect_volume(BlobPtr image, Context& context);

}  // namespace fstool::ext4

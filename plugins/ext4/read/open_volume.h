/// \file
/// Opens images of ext2, ext3 and ext4.
#pragma once

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/filesystem.h"

namespace fstool::ext4 {

/// See Filesystem::open(). A file system that was not unmounted is shown as it is after its journal was replayed.
/// Directories, inodes and extended attributes of `scope` are read now; block maps and contents when somebody reads the
/// contents.
Volume open_volume(BlobPtr image, const OpenScope& scope, Context& context);

/// See Filesystem::inspect(): reads superblock, journal and group descriptors.
VolumeFacts inspect_volume(BlobPtr image, Context& context);

}  // namespace fstool::ext4

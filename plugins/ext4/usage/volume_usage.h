/// \file
/// What each block of an ext2, ext3 or ext4 file system is used for.
#pragma once

#include <cstddef>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/usage.h"

namespace fstool::ext4 {

/// See Filesystem::usage(). Knows what the block groups and the inodes say; what neither knows and the block bitmaps
/// call allocated is Unaccounted: inodes that are damaged, or deleted while they were open.
VolumeUsage volume_usage(BlobPtr image, std::size_t largest_files, Context& context);

}  // namespace fstool::ext4

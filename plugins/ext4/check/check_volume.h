/// \file
/// Checks an image of ext2, ext3 or ext4: what e2fsck -n looks at, and the copies of superblock and descriptors, the
/// hashes and counts of extended attributes, and the order of hashes in indexed directories.
#pragma once

#include "fstool/blob.h"
#include "fstool/context.h"

namespace fstool::ext4 {

/// See Filesystem::check(). A file system that was not unmounted is checked as it is after its journal was replayed.
///
/// The steps follow each other as those of e2fsck do: superblock and descriptors; inodes and their blocks; directories;
/// how inodes and names fit together; bitmaps and counts. Memory is a few bytes for each inode in use, and a bit for
/// each block where a file system is used in part; what was never used takes none.
void check_volume(BlobPtr image, Context& context);

}  // namespace fstool::ext4

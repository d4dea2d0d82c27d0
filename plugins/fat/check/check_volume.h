/// \file
/// Checks a FAT file system.
#pragma once

#include "fstool/filesystem.h"

namespace fstool::fat {

/// As Filesystem::check(): boot sector and its backup, the copies of the FAT, FSInfo, directories, chains of clusters,
/// lost clusters.
void check_volume(BlobPtr image, Context& context);

}  // namespace fstool::fat

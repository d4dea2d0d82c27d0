/// \file
/// What each cluster of a FAT file system is used for.
#pragma once

#include <cstddef>

#include "fstool/usage.h"

namespace fstool::fat {

/// See Filesystem::usage(). Chains of clusters are followed so that each cluster is gone through once at most: what two
/// of them share belongs to the first. Clusters that the FAT calls used, but no name leads to, are Unaccounted.
VolumeUsage volume_usage(BlobPtr image, std::size_t largest_files, Context& context);

}  // namespace fstool::fat

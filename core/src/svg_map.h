/// \file
/// Maps of disks as SVG images.
#pragma once

#include <string>

#include "disk_map.h"

namespace fstool {

/// A document of its own (SVG 1.1 with CSS), without scripts and without anything from elsewhere: the disk to scale, a
/// legend with sizes, and for each part its cells, its sums and its largest files, which light up under the pointer.
/// Its size is bounded: some thousand shapes at most.
std::string svg_map(const DiskMap& map);

}  // namespace fstool

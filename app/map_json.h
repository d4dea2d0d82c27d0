/// \file
/// Maps of disks for programs.
#pragma once

#include <string>

#include "disk_map.h"

namespace fstool {

/// The map as one JSON object, indented, with a newline at its end. Offsets and sizes are bytes; offsets count from the
/// start of the disk. What does not apply (a partition's name on a disk without a table, a file system that can't be
/// read) is null.
std::string map_json(const DiskMap& map);

}  // namespace fstool

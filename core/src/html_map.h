/// \file
/// Maps of disks as HTML pages.
#pragma once

#include <string>

#include "disk_map.h"

namespace fstool {

/// A page of its own, well-formed as XML as well, without scripts and without anything from elsewhere. It shows what
/// svg_map() shows, and the sums and places of all regions in tables. Its size is bounded: some thousand shapes at
/// most.
std::string html_map(const DiskMap& map);

}  // namespace fstool

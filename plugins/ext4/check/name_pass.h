/// \file
/// Checks all directories, and how inodes and names fit together.
#pragma once

#include "check/check_state.h"
#include "check/inventory.h"

namespace fstool::ext4 {

/// Reads the entries of all directories, and compares them with the inodes that they are of: kinds, numbers of links,
/// a way from the root to each.
void check_names(CheckState& state, Inventory& inventory);

}  // namespace fstool::ext4

/// \file
/// Checks all inodes and their bitmaps, group by group.
#pragma once

#include "check/check_state.h"
#include "check/inventory.h"

namespace fstool::ext4 {

/// Reads the tables as far as their groups say that they are in use, takes the blocks of all files, and compares the
/// inode bitmaps and what the descriptors count.
Inventory check_inodes(CheckState& state);

}  // namespace fstool::ext4

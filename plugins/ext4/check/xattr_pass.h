/// \file
/// Checks the blocks of extended attributes and the inodes that hold values of some.
#pragma once

#include "check/check_state.h"
#include "check/inventory.h"

namespace fstool::ext4 {

/// Checks each block once, how many inodes have it, and how often values in inodes are referred to.
void check_xattrs(CheckState& state, Inventory& inventory);

}  // namespace fstool::ext4

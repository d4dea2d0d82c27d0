/// \file
/// Tells who has the blocks that more than one has.
#pragma once

#include "check/check_state.h"
#include "check/inventory.h"

namespace fstool::ext4 {

/// Goes through the maps of all inodes once more if there are such blocks.
void report_shared_blocks(const CheckState& state, const Inventory& inventory);

}  // namespace fstool::ext4

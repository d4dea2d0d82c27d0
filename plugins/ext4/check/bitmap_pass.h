/// \file
/// Compares the block bitmaps and the counts of free blocks with the blocks that are in use.
#pragma once

#include "check/check_state.h"

namespace fstool::ext4 {

/// To be called when all blocks in use were taken. What the superblock counts may be behind if the file system was not
/// unmounted.
void check_block_bitmaps(CheckState& state);

}  // namespace fstool::ext4

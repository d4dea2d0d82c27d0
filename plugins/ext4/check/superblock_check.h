/// \file
/// Checks the superblock and its copies.
#pragma once

#include "check/check_state.h"
#include "read/superblock_search.h"

namespace fstool::ext4 {

/// Reports what is wrong with the fields of `found`, beyond what keeps it from being read, and with its copies. Warns
/// of what a file system is that was not unmounted, or that the kernel found errors in.
void check_superblock(const CheckState& state, const FoundSuperblock& found);

}  // namespace fstool::ext4

/// \file
/// The files that belong to the file system itself: the journal, the orphan file and the list of orphans.
#pragma once

#include "check/check_state.h"

namespace fstool::ext4 {

/// Fills state.orphans with the inodes that are to be freed or truncated at the next mount, and reports what is wrong
/// with the list, or the file, that has them. Warns if there are some.
void find_orphans(CheckState& state);

/// Checks the journal's superblock and inode, without what JournalLog refuses when it is replayed.
void check_journal(const CheckState& state);

}  // namespace fstool::ext4

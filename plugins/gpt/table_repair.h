/// \file
/// What mends a damaged GPT.
#pragma once

#include <vector>

#include "fstool/blob.h"
#include "fstool/partition_table.h"
#include "table_reader.h"

namespace fstool::gpt {

/// What makes both copies of the table and the MBR in front of them good, from a copy that is: of two that contradict
/// each other the primary counts, and the backup moves to the end of a disk that has grown. Empty if nothing is wrong;
/// written in its order, one copy is good at any time. Throws Error(Corrupt) if neither copy is good, or if the MBR is
/// a partition table of its own; Error(NoSpace) if a partition is where the backup has to be.
std::vector<DiskPatch> repair_table(const Blob& disk, const TableCopies& copies);

}  // namespace fstool::gpt

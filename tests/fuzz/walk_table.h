/// \file
/// Does with a disk what a user of a partition table may do.
#pragma once

#include <cstddef>
#include <span>

#include "fstool/partition_table.h"
#include "fstool/registry.h"

namespace fstool::fuzz {

/// Checks, opens, repairs and grows the table. Errors of fstool end each of that silently: hostile disks are refused.
/// Everything else is a bug, and so is (std::logic_error)
///
/// * a partition or a structure outside of the disk;
/// * a repair that mends what nobody called damaged, that loses a partition, even if it ends after some of its patches,
///   or after which there is something to repair;
/// * a disk that has other partitions when it has grown, or damage that it didn't have.
void walk_table(PartitionTable& table, std::span<const std::byte> disk, const Registry& registry);

}  // namespace fstool::fuzz

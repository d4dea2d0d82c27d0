/// \file
/// Which of the partitions asked for are primary and which logical, and where they and their boot records lie.
///
/// There is an extended partition if one is asked for by its type, if a partition says `logical = true`, or if there
/// are more than four.
/// * By hand: those listed behind the extended partition are logical, and those in front of it primary.
/// * By itself: the first three are primary, or fewer if others say `logical = false`, and the rest logical, as is what
///   is listed between two logical ones.
/// What a partition says of `logical` goes before.
///
/// An extended partition made by itself spans the logical ones, as does one by hand without a size (0) or of no more
/// than the one sector that stands in for a size that isn't known yet. One with a size or an offset is placed as other
/// partitions are, and the logical ones are placed inside it.
///
/// As fdisk lays it out, the first boot record is where the extended partition begins, and each of the others an
/// alignment in front of its partition, or a sector in front of one that has an offset. Primary partitions and the
/// extended one have the numbers 1 to 4 in the order listed; logical ones count from 5 in the order of their places,
/// which is that of the chain.
#pragma once

#include <cstdint>

#include "fstool/partition_table.h"

namespace fstool::mbr {

/// The layout of `request`, with its boot records as structures. `alignment`, in bytes, is that of partitions that have
/// none of their own. Throws as PartitionTable::plan().
Layout plan_table(const TableRequest& request, std::uint64_t alignment, std::uint32_t disk_signature);

}  // namespace fstool::mbr

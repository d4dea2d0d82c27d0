/// \file
/// How large the sectors are that an MBR counts in: it doesn't say.
///
/// They are of 512 bytes unless 4096 is evidently meant, which it is if
/// * the records contradict nothing when they count sectors of 4096 bytes, so that all partitions lie on the disk, and
/// * a partition has evidence in that place: an extended one its boot record, another one the start of a file system
///   that a plugin recognizes; and
/// * none has any in the place that it has with sectors of 512 bytes.
///
/// A disk whose partitions are all empty thus has sectors of 512 bytes.
#pragma once

#include <array>
#include <cstdint>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "structures.h"

namespace fstool::mbr {

/// Those that disks with an MBR have, in bytes.
inline constexpr std::array<std::uint32_t, 2> kSectorSizes = {512, 4096};

/// In bytes: 512 or 4096. `mbr` are the first bytes of `disk`. Reads no more than the file systems of
/// context.registry() look at to recognize themselves.
std::uint32_t find_sector_size(const Blob& disk, const MasterBootRecord& mbr, const Context& context);

}  // namespace fstool::mbr

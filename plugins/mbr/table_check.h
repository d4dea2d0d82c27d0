/// \file
/// Looks for all that is wrong with an MBR and the chain of logical partitions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "structures.h"

namespace fstool::mbr {

/// What a reader takes for the size of a sector, as the table doesn't say it.
inline constexpr std::uint32_t kReadSectorSize = 512;

/// The 512 bytes at a sector if they end in the signature.
std::optional<MasterBootRecord> read_boot_record(const Blob& disk, std::uint64_t sector);

/// In what the four records contradict the format, a sentence each. `disk_sectors` is the size of the disk.
std::vector<std::string> find_problems(const MasterBootRecord& mbr, std::uint64_t disk_sectors);

/// Reports the problems of the MBR and of the chain in its extended partition, and of a GPT that it should protect.
/// Throws Error(Corrupt) if the first sector is no MBR, but the boot sector of something else.
void check_table(const Blob& disk, Context& context);

}  // namespace fstool::mbr

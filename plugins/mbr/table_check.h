/// \file
/// Looks for all that is wrong with an MBR and the chain of logical partitions, and for what can be mended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/partition_table.h"
#include "structures.h"

namespace fstool::mbr {

/// The 512 bytes at the start of a sector if they end in the signature.
std::optional<MasterBootRecord> read_boot_record(const Blob& disk, std::uint64_t sector, std::uint32_t sector_size);

/// In what the four records contradict the format, a sentence each, if they count sectors of `sector_size` bytes on a
/// disk of `disk_size`.
std::vector<std::string> find_problems(const MasterBootRecord& mbr, std::uint64_t disk_size, std::uint32_t sector_size);

/// True if a record begins where the header of a GPT is, as no partition does: the table is the GPT, and that record
/// was of type 0xee before it was damaged.
bool is_damaged_protective_mbr(const MasterBootRecord& mbr, const Blob& disk);

/// Reports the problems of the MBR and of the chain in its extended partition, and of a GPT that it should protect.
/// Throws Error(Corrupt) if the first sector is no MBR, but the boot sector of something else.
void check_table(const Blob& disk, Context& context);

/// What PartitionTable::repair() promises: the signature of an MBR whose records are good. Throws Error(Corrupt) for
/// other damage, that of the chain among it, and for what is no MBR.
std::vector<DiskPatch> find_repairs(const Blob& disk, const Context& context);

}  // namespace fstool::mbr

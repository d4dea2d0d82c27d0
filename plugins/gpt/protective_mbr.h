/// \file
/// The MBR in front of a GPT: protective, which covers the disk with one record, or hybrid, which lists partitions of
/// the GPT too, for firmware that knows no other table.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "structures.h"

namespace fstool::gpt {

/// Bytes of the first sector that are boot code.
inline constexpr std::uint64_t kBootCodeSize = sizeof(ProtectiveMbr::boot_code);
/// Partitions that a hybrid MBR has room for beside the protective record.
inline constexpr std::size_t kMaxHybridRecords = 3;

/// A partition of the GPT that a hybrid MBR lists.
struct HybridRecord {
  std::uint8_t os_type = 0;  ///< neither 0 nor kProtectiveType
  bool active = false;       ///< what a BIOS boots
  std::uint64_t first_lba = 0;
  std::uint64_t sectors = 0;
};

/// UEFI 2.10, table 5.4. At least two sectors.
ProtectiveMbr make_protective_mbr(std::uint64_t disk_sectors);

/// The records in their order, for firmware looks at the first, and behind them the protective one, which covers the
/// sectors from 1 up to `table_end`, as genimage has it. Throws Error(InvalidArgument) if there are more than
/// kMaxHybridRecords, or if one ends beyond what 32 bits can address.
ProtectiveMbr make_hybrid_mbr(std::span<const HybridRecord> records, std::uint64_t table_end);

/// The first 512 bytes of a disk that has them.
ProtectiveMbr read_mbr(const Blob& disk);

/// True if there is a signature and a record of the protective type. Never throws on damaged bytes.
bool has_protective_mbr(const Blob& disk);

/// True if there is none, but a record that lies as it would and has another type. Never throws on damaged bytes.
bool has_damaged_protective_mbr(const Blob& disk);

/// True if there are records beside the protective one.
bool is_hybrid(const ProtectiveMbr& mbr);

/// What is wrong with it in front of a GPT, on a disk of `disk_sectors`. The sizes of a hybrid one are its maker's.
std::vector<std::string> protective_mbr_problems(const ProtectiveMbr& mbr, std::uint64_t disk_sectors);

/// `mbr` without problems: boot code and records stay, but for those that are the problem. Nothing if it lists
/// partitions and has no protective record: then it is a partition table of its own.
std::optional<ProtectiveMbr> mended_mbr(const ProtectiveMbr& mbr, std::uint64_t disk_sectors);

/// Lets a record that covered a disk up to `old_last_usable` at least cover one of `disk_sectors`; others stay.
void cover_grown_disk(ProtectiveMbr& mbr, std::uint64_t old_last_usable, std::uint64_t disk_sectors);

}  // namespace fstool::gpt

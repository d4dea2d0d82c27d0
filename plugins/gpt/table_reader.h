/// \file
/// From the bytes of a disk to a GPT. Nothing in them is trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "structures.h"

namespace fstool::gpt {

/// A used entry of the partition entry array.
struct NumberedEntry {
  std::uint32_t number = 0;  ///< from 1: its place in the array
  PartitionEntry entry{};
};

/// One of a disk's two copies of the table, checked: its checksums are right, and its partitions lie one beside the
/// other within its usable sectors and the disk.
struct Table {
  Header header{};
  std::uint32_t sector_size = 0;       ///< bytes
  std::vector<NumberedEntry> entries;  ///< by number
};

/// Reads the copy whose header is at sector `lba`. Throws Error(Corrupt/Unsupported) that says what is wrong.
Table read_table(const Blob& disk, std::uint32_t sector_size, std::uint64_t lba);

/// A copy of the table, or what is wrong with it.
struct TableCopy {
  std::optional<Table> table;
  std::string problem;
};

/// Both copies of a disk's table. If the primary one is damaged, the backup is the one at the end of the disk.
struct TableCopies {
  std::uint32_t sector_size = 0;  ///< bytes: with which one of the copies is there
  TableCopy primary;
  TableCopy backup;
};

/// Finds out the size of the sectors and reads what there is; copies may be damaged, or missing. Never throws on
/// damaged bytes.
TableCopies read_copies(const Blob& disk);

/// True if a header's signature is at either end of the disk, with sectors of any size. Never throws on damaged bytes.
bool has_any_header(const Blob& disk);

/// True if the disk's first sector is an MBR with a record of the protective type.
bool has_protective_mbr(const Blob& disk);

}  // namespace fstool::gpt

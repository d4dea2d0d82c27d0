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
/// other on the disk, and not on the table.
struct Table {
  Header header{};
  std::uint32_t sector_size = 0;       ///< bytes
  std::vector<NumberedEntry> entries;  ///< by number
  std::vector<std::string> problems;   ///< that it can be read in spite of
};

/// Reads the copy whose header is at sector `lba`. Throws Error(Corrupt/Unsupported) that says what is wrong.
Table read_table(const Blob& disk, std::uint32_t sector_size, std::uint64_t lba);

/// A copy of the table, or what is wrong with it.
struct TableCopy {
  std::optional<Table> table;
  std::string problem;
};

/// Both copies of a disk's table. If the primary one is damaged, the backup is the one at the end of the disk, or else
/// where what is left of the primary header says.
struct TableCopies {
  std::uint32_t sector_size = 0;  ///< bytes: with which one of the copies is there
  TableCopy primary;
  TableCopy backup;
  bool has_backup = true;  ///< false: a good primary header says that the table was made without
  /// Where the array is by a primary header that is damaged; not to be trusted.
  std::optional<std::uint64_t> damaged_array_lba = {};
};

/// Finds out the size of the sectors and reads what there is; copies may be damaged, or missing. Never throws on
/// damaged bytes.
TableCopies read_copies(const Blob& disk);

/// True if a header's signature is at either end of the disk, with sectors of any size. Never throws on damaged bytes.
bool has_any_header(const Blob& disk);

}  // namespace fstool::gpt

/// \file
/// From the bytes of a disk to a GPT. Nothing in them is trusted.
#pragma once

#include <cstdint>
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

/// True if sector `lba` begins with a header's signature. Never throws on damaged bytes.
bool has_header(const Blob& disk, std::uint32_t sector_size, std::uint64_t lba);

/// True if the disk's first sector is an MBR with a record of the protective type.
bool has_protective_mbr(const Blob& disk);

}  // namespace fstool::gpt

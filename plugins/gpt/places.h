/// \file
/// Where the structures of a table lie.
#pragma once

#include <cstdint>

#include "fstool/size.h"
#include "structures.h"

namespace fstool::gpt {

inline constexpr std::uint64_t kMbrLba = 0;
inline constexpr std::uint64_t kPrimaryLba = 1;
/// Where the primary array begins if nobody says otherwise.
inline constexpr std::uint64_t kFirstArrayLba = 2;

/// The largest partition entry array that is read or written: what Linux takes at most (KMALLOC_MAX_SIZE).
inline constexpr std::uint64_t kMaxEntryArraySize = 4ULL * 1024 * 1024;

/// The bytes of the array that `header` describes.
inline std::uint64_t entry_array_size(const Header& header) {
  return std::uint64_t{header.number_of_partition_entries} * header.size_of_partition_entry;
}

/// The places of a table on a disk, in sectors. The array takes the sectors that its entries need, as sgdisk and sfdisk
/// do it: less than the 16 KiB that UEFI 2.10, section 5.3.1 wants to be reserved if there are less than 128 entries.
struct Places {
  std::uint64_t disk_sectors = 0;
  std::uint64_t array_sectors = 0;  ///< of one copy
  std::uint64_t primary_array = kFirstArrayLba;

  constexpr std::uint64_t first_usable() const { return primary_array + array_sectors; }
  constexpr std::uint64_t backup_header() const { return disk_sectors - 1; }
  constexpr std::uint64_t backup_array() const { return backup_header() - array_sectors; }
  constexpr std::uint64_t last_usable() const { return backup_array() - 1; }
  /// What a copy of the table takes at the end of the disk.
  constexpr std::uint64_t tail_sectors() const { return array_sectors + 1; }
};

}  // namespace fstool::gpt

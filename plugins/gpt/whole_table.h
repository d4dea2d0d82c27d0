/// \file
/// Both copies of a table, made anew of one that is good.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fstool/blob.h"
#include "places.h"
#include "structures.h"
#include "table_reader.h"

namespace fstool::gpt {

/// The headers' checksums are not filled in.
struct WholeTable {
  Places places;
  Header primary{};
  Header backup{};
  std::vector<std::byte> array;
  std::uint64_t first_free = 0;  ///< the first sector behind all partitions and the primary table
  bool has_backup = true;
};

/// The table of `disk`, of which `copies` has one at least, on a disk of `disk_sectors`: the primary array stays where
/// it is, the backup is at the end. Fields that depend on neither stay. A table that was made without a backup gets
/// none. Throws Error(NoSpace) if a partition is where the backup has to be, Error(Corrupt) if there is no place for
/// the primary array.
WholeTable make_whole(const Blob& disk, const TableCopies& copies, std::uint64_t disk_sectors);

}  // namespace fstool::gpt

/// \file
/// From a Layout to the bytes of a GPT.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fstool/partition_table.h"
#include "places.h"

namespace fstool::gpt {

/// What a table is to be.
struct TableShape {
  std::uint32_t entries = kDefaultEntries;  ///< of the array; 1 to kMaxEntries
  Places places;
  bool has_backup = true;  ///< false: what it takes at the end of the disk stays free all the same
};

inline constexpr std::uint32_t kMaxEntries = kMaxEntryArraySize / sizeof(PartitionEntry);

/// Bytes in their place.
struct PlacedBytes {
  std::uint64_t offset = 0;  ///< bytes from the start of the disk
  std::vector<std::byte> bytes;
};

/// The headers and arrays, by offset. Throws Error(InvalidArgument) if `layout` is not one that such a table can
/// express. Partitions of number 0 are left out.
std::vector<PlacedBytes> encode_table(const Layout& layout, const TableShape& shape);

}  // namespace fstool::gpt

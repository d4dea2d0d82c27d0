/// \file
/// Finding every partition its place: the part of PartitionTable::plan() that is the same for all tables.
///
/// * Partitions with an offset lie where they were asked to; the offset must be a multiple of the sector size.
/// * The others follow the partition that is listed before them: each takes the first aligned place behind it where
///   it fits between those that are fixed.
/// * The one that takes what remains grows up to its next neighbour or the end of the disk; partitions that are listed
///   behind it and have no offset move to the end to make room.
/// * Sizes are rounded up to whole sectors. A disk without a size becomes just large enough, in whole MiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/api.h"
#include "fstool/blob.h"
#include "fstool/partition_table.h"

namespace fstool {

/// The largest size of a disk and the end of every partition on it: what a signed 64-bit file offset can express.
inline constexpr std::uint64_t kMaxDiskSize = INT64_MAX;

/// What a partition table asks of the places.
struct PlacementRules {
  std::string table;                           ///< its name, for messages
  std::uint64_t alignment = 1024ULL * 1024;    ///< of partitions without an offset, in bytes
  std::uint64_t head_size = 0;                 ///< bytes at the start of the disk that are the table's own
  std::uint64_t tail_size = 0;                 ///< bytes at the end of the disk that are the table's own
  std::uint64_t address_limit = kMaxDiskSize;  ///< bytes; no partition may end beyond it
  std::size_t max_partitions = 0;
};

/// A range of a disk, in bytes.
struct DiskRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t end() const noexcept { return offset + size; }  ///< the first byte behind it
};

struct Placement {
  std::uint64_t disk_size = 0;        ///< bytes
  std::vector<DiskRange> partitions;  ///< one for each request, in the same order
};

/// Places the partitions of `request`. Throws Error(InvalidArgument) for values that make no sense (sector size,
/// alignment, an empty partition, two that take what remains, too many), Error(NoSpace) for partitions that overlap
/// or don't fit; the messages name the partitions and say what to change. Thread-safe.
FSTOOL_API Placement place_partitions(const TableRequest& request, const PlacementRules& rules);

/// Adds the contents of a layout's partitions to `disk`, as PartitionTable::compose() promises: a null content is a
/// hole, a shorter one is followed by a hole, a longer one is Error(NoSpace). Throws Error(InvalidArgument) if there is
/// not one content for each partition.
FSTOOL_API void add_partition_contents(BlobBuilder& disk, const Layout& layout, std::vector<BlobPtr> contents);

/// `partition 2 ("root")`, or `partition 2` for one without a name; for messages. Numbers count from 1; control
/// characters become question marks.
FSTOOL_API std::string partition_label(std::size_t number, std::string_view name);

/// A size for messages in which the exact number matters: "17 KiB", "1025 MiB", "1000000000 bytes (953.7 MiB)".
FSTOOL_API std::string exact_size(std::uint64_t bytes);

}  // namespace fstool

/// \file
/// Finding every partition its place: the part of PartitionTable::plan() that is the same for all tables.
///
/// * Partitions with an offset lie where they were asked to; the offset must be a multiple of the sector size, and of
///   the partition's own alignment if it has one.
/// * The others follow the one that is listed before them: each takes the first aligned place behind it and its gap
///   where it fits between those that are fixed and what is the table's own.
/// * The one that takes what remains grows up to its next neighbour or the end of the disk; partitions that are listed
///   behind it and have no offset move to the end to make room.
/// * What is not in the table may lie anywhere on the disk but on the table's structures and on others; its holes are
///   free for both.
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
  std::string table;                            ///< its name, for messages
  std::uint64_t alignment = 1024ULL * 1024;     ///< of what has no offset and no alignment of its own, in bytes
  std::vector<TableStructure> structures = {};  ///< the table's own parts of the disk, but for that at its end
  std::uint64_t first_usable = 0;               ///< bytes; no partition of the table may begin before it
  std::uint64_t tail_size = 0;                  ///< bytes at the end of the disk that are the table's own
  std::string tail_name = {};                   ///< what they are: "backup GPT"
  std::uint64_t address_limit = kMaxDiskSize;   ///< bytes; no partition of the table may end beyond it
  std::size_t max_partitions = 0;               ///< in the table
  /// Bytes right in front of each of the request's partitions that are the table's own; one that has an offset gives
  /// up to a sector of them. Empty: none.
  std::vector<std::uint64_t> leads = {};
  /// The number of each of the request's partitions, for messages; 0: not in the table. Empty: they count from 1.
  std::vector<std::uint32_t> numbers = {};
  std::string space = "disk";  ///< what the partitions are placed in, for messages
  /// Where that begins, in bytes; it ends at the request's disk_size. All places count from the start of the disk.
  std::uint64_t space_offset = 0;
};

struct Placement {
  std::uint64_t disk_size = 0;        ///< bytes
  std::vector<DiskRange> partitions;  ///< one for each request, in the same order
};

/// What `holes`, in any order, leave of `size` bytes: pieces in order, none empty.
FSTOOL_API std::vector<DiskRange> without_holes(std::uint64_t size, std::vector<DiskRange> holes);

/// Places the partitions of `request`. Throws Error(InvalidArgument) for values that make no sense (sector size,
/// alignment, an empty partition, two that take what remains, too many), Error(NoSpace) for what overlaps or doesn't
/// fit; the messages name the partitions and say what to change, and draw the disk. Thread-safe.
FSTOOL_API Placement place_partitions(const TableRequest& request, const PlacementRules& rules);

/// Throws Error(NoSpace) if `content`, bytes of what `label` names, are more than the bytes of its `room`.
FSTOOL_API void require_room(std::string_view label, std::uint64_t room, std::uint64_t content);

/// Adds the contents of a layout's partitions to `disk`, as PartitionTable::compose() promises: a null content is a
/// hole, a shorter one is followed by a hole, a longer one is Error(NoSpace); those that are not in the table are left
/// out. Throws Error(InvalidArgument) if there are more contents than partitions.
FSTOOL_API void add_partition_contents(BlobBuilder& disk, const Layout& layout, std::vector<BlobPtr> contents);

/// The first `space` bytes of `boot_code`, a boot sector or less; none if it is null. Throws Error(InvalidArgument) if
/// it has more than 512 bytes.
FSTOOL_API std::vector<std::byte> read_boot_code(const BlobPtr& boot_code, std::uint64_t space);

/// `partition 2 ("root")`, or `partition 2` for one without a name; for messages. Numbers count from 1; control
/// characters become question marks.
FSTOOL_API std::string partition_label(std::size_t number, std::string_view name);

/// `the payload "u-boot"` for what is not in the table; `position` counts what is asked for from 1.
FSTOOL_API std::string payload_label(std::size_t position, std::string_view name);

/// A size for messages in which the exact number matters: "17 KiB", "1025 MiB", "1000000000 bytes (953.7 MiB)".
FSTOOL_API std::string exact_size(std::uint64_t bytes);

}  // namespace fstool

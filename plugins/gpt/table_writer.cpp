#include "table_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "computed_fields.h"
#include "fstool/checksum.h"
#include "fstool/error.h"
#include "fstool/partition_layout.h"
#include "name.h"
#include "structures.h"

namespace fstool::gpt {
namespace {

using EntryArray = std::array<PartitionEntry, kEntryCount>;

Uuid parse_uuid(std::string_view text, std::string_view what) {
  if (const std::optional<Uuid> uuid = Uuid::parse(text)) return *uuid;
  throw Error(ErrorCode::InvalidArgument, fmt::format("{} \"{}\" is not a GUID", what, text));
}

PartitionEntry encode_entry(const Partition& partition, const Layout& layout) {
  const std::uint64_t sector = layout.sector_size;
  const std::uint64_t usable_end = layout.disk_size - tail_size(layout.sector_size);
  if (partition.offset % sector != 0 || partition.size % sector != 0 || partition.size == 0 ||
      partition.offset < head_size(layout.sector_size) || partition.offset > usable_end ||
      partition.size > usable_end - partition.offset) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("{} bytes from {} are not whole sectors of the disk's usable part", partition.size,
                            partition.offset));
  }
  PartitionEntry entry{};
  entry.partition_type_guid = to_guid(parse_uuid(partition.type, "type"));
  entry.unique_partition_guid = to_guid(parse_uuid(partition.uuid, "partition GUID"));
  entry.starting_lba = partition.offset / sector;
  entry.ending_lba = (partition.offset + partition.size) / sector - 1;
  entry.attributes = partition.attributes;
  entry.partition_name = encode_name(partition.name);
  return entry;
}

EntryArray encode_entries(const Layout& layout) {
  EntryArray entries{};
  for (const Partition& partition : layout.partitions) {
    with_context([&] { return partition_label(partition.number, partition.name); },
                 [&] {
                   if (partition.number < 1 || partition.number > kEntryCount) {
                     throw Error(ErrorCode::InvalidArgument,
                                 fmt::format("gpt counts its partitions from 1 to {}", kEntryCount));
                   }
                   PartitionEntry& entry = entries[partition.number - 1];
                   if (entry.ending_lba != 0) throw Error(ErrorCode::InvalidArgument, "its number is taken");
                   entry = encode_entry(partition, layout);
                 });
  }
  return entries;
}

/// UEFI 2.10, table 5.4.
ProtectiveMbr protective_mbr(std::uint64_t disk_sectors) {
  ProtectiveMbr mbr{};
  MbrRecord& record = mbr.partition_record[0];
  record.starting_chs = {0x00, 0x02, 0x00};
  record.os_type = kProtectiveType;
  record.ending_chs = protective_end(disk_sectors);
  record.starting_lba = 1;
  record.size_in_lba =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(disk_sectors - 1, std::numeric_limits<std::uint32_t>::max()));
  mbr.signature = kMbrSignature;
  return mbr;
}

template <class T>
void put(std::vector<std::byte>& bytes, std::uint64_t offset, const T& value) {
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
}

}  // namespace

TableBytes encode_table(const Layout& layout) {
  const std::uint64_t sector = layout.sector_size;
  const std::uint64_t head = head_size(layout.sector_size);
  const std::uint64_t tail = tail_size(layout.sector_size);
  if ((sector != 512 && sector != 4096) || layout.disk_size % sector != 0 || layout.disk_size < head + tail) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("no gpt fits on a disk of {} bytes with {}-byte sectors", layout.disk_size, sector));
  }
  const std::uint64_t disk_sectors = layout.disk_size / sector;
  const EntryArray entries = encode_entries(layout);

  Header primary{};
  primary.signature = kHeaderSignature;
  primary.revision = kHeaderRevision;
  primary.header_size = sizeof(Header);
  primary.my_lba = 1;
  primary.alternate_lba = disk_sectors - 1;
  primary.first_usable_lba = head / sector;
  primary.last_usable_lba = (layout.disk_size - tail) / sector - 1;
  primary.disk_guid = to_guid(parse_uuid(layout.disk_id, "disk GUID"));
  primary.partition_entry_lba = 2;
  primary.number_of_partition_entries = kEntryCount;
  primary.size_of_partition_entry = sizeof(PartitionEntry);
  primary.partition_entry_array_crc32 = crc32(0, std::as_bytes(std::span(entries)));

  Header backup = primary;
  backup.my_lba = primary.alternate_lba;
  backup.alternate_lba = primary.my_lba;
  backup.partition_entry_lba = (layout.disk_size - tail) / sector;

  TableBytes table{std::vector<std::byte>(head), std::vector<std::byte>(tail)};
  put(table.head, 0, protective_mbr(disk_sectors));
  put(table.head, sector, checksummed(primary));
  put(table.head, 2 * sector, entries);
  put(table.tail, 0, entries);
  put(table.tail, kEntryArraySize, checksummed(backup));
  return table;
}

}  // namespace fstool::gpt

#include "table_writer.h"

#include <fmt/format.h>

#include <cstdint>
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

Uuid parse_uuid(std::string_view text, std::string_view what) {
  if (const std::optional<Uuid> uuid = Uuid::parse(text)) return *uuid;
  throw Error(ErrorCode::InvalidArgument, fmt::format("{} \"{}\" is not a GUID", what, text));
}

PartitionEntry encode_entry(const Partition& partition, std::uint64_t sector, const Places& places) {
  const std::uint64_t usable = places.first_usable() * sector;
  const std::uint64_t usable_end = (places.last_usable() + 1) * sector;
  if (partition.offset % sector != 0 || partition.size % sector != 0 || partition.size == 0 ||
      partition.offset < usable || partition.offset > usable_end || partition.size > usable_end - partition.offset) {
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

std::vector<PartitionEntry> encode_entries(const Layout& layout, const TableShape& shape) {
  std::vector<PartitionEntry> entries(shape.entries);
  for (const Partition& partition : layout.partitions) {
    if (partition.number == 0) continue;
    with_context([&] { return partition_label(partition.number, partition.name); },
                 [&] {
                   if (partition.number > shape.entries) {
                     throw Error(ErrorCode::InvalidArgument,
                                 fmt::format("gpt counts its partitions from 1 to {}", shape.entries));
                   }
                   PartitionEntry& entry = entries[partition.number - 1];
                   if (entry.ending_lba != 0) throw Error(ErrorCode::InvalidArgument, "its number is taken");
                   entry = encode_entry(partition, layout.sector_size, shape.places);
                 });
  }
  return entries;
}

std::vector<std::byte> to_bytes(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

std::vector<PlacedBytes> encode_table(const Layout& layout, const TableShape& shape) {
  const std::uint64_t sector = layout.sector_size;
  const Places& places = shape.places;
  if (places.disk_sectors * sector != layout.disk_size ||
      places.disk_sectors < places.first_usable() + places.tail_sectors()) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("no gpt of {} entries fits on a disk of {} bytes with {}-byte sectors", shape.entries,
                            layout.disk_size, sector));
  }
  const std::vector<PartitionEntry> entries = encode_entries(layout, shape);
  const auto array = std::as_bytes(std::span(entries));

  Header primary{};
  primary.signature = kHeaderSignature;
  primary.revision = kHeaderRevision;
  primary.header_size = sizeof(Header);
  primary.my_lba = kPrimaryLba;
  primary.alternate_lba = shape.has_backup ? places.backup_header() : kPrimaryLba;
  primary.first_usable_lba = places.first_usable();
  primary.last_usable_lba = places.last_usable();
  primary.disk_guid = to_guid(parse_uuid(layout.disk_id, "disk GUID"));
  primary.partition_entry_lba = places.primary_array;
  primary.number_of_partition_entries = shape.entries;
  primary.size_of_partition_entry = sizeof(PartitionEntry);
  primary.partition_entry_array_crc32 = crc32(0, array);

  std::vector<PlacedBytes> table;
  table.push_back({kPrimaryLba * sector, header_sector(primary, layout.sector_size)});
  table.push_back({places.primary_array * sector, to_bytes(array)});
  if (!shape.has_backup) return table;
  const Header backup = backup_of(primary, places);
  table.push_back({places.backup_array() * sector, to_bytes(array)});
  table.push_back({places.backup_header() * sector, header_sector(backup, layout.sector_size)});
  return table;
}

}  // namespace fstool::gpt

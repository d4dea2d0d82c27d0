#include "gpt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/partition_layout.h"
#include "fstool/size.h"
#include "name.h"
#include "partition_options.h"
#include "partition_types.h"
#include "protective_mbr.h"
#include "structures.h"
#include "table_check.h"
#include "table_growth.h"
#include "table_reader.h"
#include "table_repair.h"
#include "table_writer.h"

namespace fstool::gpt {
namespace {

constexpr const char* kMbrName = "protective MBR";
constexpr const char* kHeaderName = "GPT header";
constexpr const char* kArrayName = "GPT partition entries";
constexpr const char* kBackupPrefix = "backup ";

/// The sectors of one copy of the table; its header and array were checked to lie on the disk.
void add_structures(Layout& layout, const Table& table, const std::string& prefix) {
  const std::uint64_t sector_size = table.sector_size;
  const std::uint64_t array_size = entry_array_size(table.header);
  layout.structures.push_back({prefix + kHeaderName, table.header.my_lba * sector_size, sector_size});
  if (array_size == 0) return;
  layout.structures.push_back(
      {prefix + kArrayName, table.header.partition_entry_lba * sector_size, round_up(array_size, sector_size)});
}

/// `copies`: of which one at least can be read.
Layout layout_of(const TableCopies& copies, const Blob& disk) {
  const Table& table = copies.primary.table ? *copies.primary.table : *copies.backup.table;
  Layout layout;
  layout.table = "gpt";
  layout.disk_id = to_uuid(table.header.disk_guid).to_string();
  layout.disk_size = disk.size();
  layout.sector_size = table.sector_size;
  for (const NumberedEntry& numbered : table.entries) {
    const PartitionEntry& entry = numbered.entry;
    const Uuid type = to_uuid(entry.partition_type_guid);
    Partition partition;
    partition.number = numbered.number;
    partition.name = decode_name(entry.partition_name);
    partition.type = type.to_string();
    partition.type_name = short_type_name(type);
    partition.uuid = to_uuid(entry.unique_partition_guid).to_string();
    partition.offset = entry.starting_lba * table.sector_size;
    partition.size = (entry.ending_lba - entry.starting_lba + 1) * table.sector_size;
    partition.attributes = entry.attributes;
    layout.partitions.push_back(std::move(partition));
  }
  layout.structures.push_back({kMbrName, 0, layout.sector_size});
  if (copies.primary.table) add_structures(layout, *copies.primary.table, "");
  if (copies.backup.table) add_structures(layout, *copies.backup.table, kBackupPrefix);
  std::sort(layout.structures.begin(), layout.structures.end(),
            [](const TableStructure& a, const TableStructure& b) { return a.offset < b.offset; });
  return layout;
}

void check_backup(const TableCopies& copies, Context& context) {
  if (!copies.has_backup) return;
  if (!copies.backup.table) {
    context.report_damage(
        fmt::format("the backup GPT is damaged ({}); the primary is used, and `{}` writes a new backup",
                    copies.backup.problem, kRepairCommand));
  } else if (copies.backup.table->header.partition_entry_array_crc32 !=
             copies.primary.table->header.partition_entry_array_crc32) {
    context.report_damage(fmt::format(
        "the backup GPT has other partitions than the primary, which is used; `{}` makes them equal", kRepairCommand));
  }
}

/// A disk's copies, one of which at least can be read.
TableCopies usable_copies(const Blob& disk, Context& context) {
  TableCopies copies = read_copies(disk);
  if (copies.primary.table) {
    check_backup(copies, context);
  } else if (copies.backup.table) {
    context.report_damage(
        fmt::format("the primary GPT is damaged ({}); the backup is used, and `{}` makes a new primary one of it",
                    copies.primary.problem, kRepairCommand));
  } else {
    throw Error(ErrorCode::Corrupt,
                fmt::format("the primary GPT is damaged ({}), and there is no usable backup", copies.primary.problem));
  }
  const Table& used = copies.primary.table ? *copies.primary.table : *copies.backup.table;
  for (const std::string& problem : used.problems) context.report_damage(problem);
  return copies;
}

// --- What is asked for ----------------------------------------------------------------------------------------------

/// The partition's unique GUID.
Uuid wanted_uuid(const PartitionRequest& wanted, const Seed& seed, std::uint32_t number) {
  if (!wanted.uuid) return seed.uuid(fmt::format("partition {}", number));
  const std::optional<Uuid> uuid = Uuid::parse(*wanted.uuid);
  if (!uuid || uuid->is_nil()) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("\"{}\" is not the GUID of a partition: it must be one such as "
                                                        "\"01234567-89ab-cdef-0123-456789abcdef\", and not zero",
                                                        *wanted.uuid));
  }
  return *uuid;
}

/// A partition of the table, without its place.
Partition plan_partition(const PartitionRequest& wanted, const Seed& seed, std::uint32_t number) {
  Partition partition;
  partition.number = number;
  partition.name = wanted.label.value_or(wanted.name);
  encode_name(partition.name);  // refuses what the table can't hold
  const Uuid type = parse_partition_type(wanted.type);
  partition.type = type.to_string();
  partition.type_name = short_type_name(type);
  partition.uuid = wanted_uuid(wanted, seed, number).to_string();
  partition.attributes = parse_attributes(parse_partition_options(wanted.options).attributes);
  return partition;
}

std::vector<Partition> plan_partitions(const TableRequest& request, const Placement& placement, const Seed& seed) {
  std::vector<Partition> partitions;
  std::uint32_t number = 0;
  for (std::size_t index = 0; index < request.partitions.size(); ++index) {
    const PartitionRequest& wanted = request.partitions[index];
    Partition partition;
    partition.name = wanted.name;
    if (wanted.in_table) {
      ++number;
      with_context([&] { return partition_label(number, wanted.name); },
                   [&] { partition = plan_partition(wanted, seed, number); });
    }
    partition.offset = placement.partitions[index].offset;
    partition.size = placement.partitions[index].size;
    partitions.push_back(std::move(partition));
  }
  return partitions;
}

void check_uuids(const Layout& layout) {
  std::map<std::string, const Partition*> partitions;
  for (const Partition& partition : layout.partitions) {
    if (partition.number == 0) continue;
    const auto [other, is_new] = partitions.emplace(partition.uuid, &partition);
    if (is_new) continue;
    throw Error(
        ErrorCode::InvalidArgument,
        fmt::format("{} and {} have the same GUID {}", partition_label(other->second->number, other->second->name),
                    partition_label(partition.number, partition.name), partition.uuid));
  }
}

/// The records of a hybrid MBR, in the order of the partitions; none if no partition asks for one.
std::vector<HybridRecord> hybrid_records(const TableRequest& request, const Layout& layout) {
  std::vector<HybridRecord> records;
  for (std::size_t index = 0; index < std::min(request.partitions.size(), layout.partitions.size()); ++index) {
    const PartitionRequest& wanted = request.partitions[index];
    const Partition& partition = layout.partitions[index];
    if (!wanted.in_table) continue;
    const GptPartitionOptions options = parse_partition_options(wanted.options);
    if (!options.hybrid) continue;
    records.push_back({.os_type = *options.hybrid,
                       .active = options.bootable,
                       .first_lba = partition.offset / layout.sector_size,
                       .sectors = partition.size / layout.sector_size});
  }
  return records;
}

ProtectiveMbr plan_mbr(const TableRequest& request, const Layout& layout, const Places& places) {
  const std::vector<HybridRecord> records = hybrid_records(request, layout);
  return records.empty() ? make_protective_mbr(places.disk_sectors) : make_hybrid_mbr(records, places.first_usable());
}

/// The MBR's part of the first sector: without boot code, that is left to payloads.
TableStructure mbr_structure(const TableRequest& request) {
  const std::uint64_t begin = request.boot_code ? 0 : kBootCodeSize;
  return {kMbrName, begin, sizeof(ProtectiveMbr) - begin};
}

}  // namespace

const OptionSet<GptOptions>& gpt_options() {
  static const OptionSet<GptOptions> set =
      OptionSet<GptOptions>()
          .add("alignment", &GptOptions::alignment, "Partitions without an offset start at a multiple of this size.")
          .add("disk_guid", &GptOptions::disk_guid, "GUID of the disk; derived from the spec's seed if left out.")
          .add("entries", &GptOptions::entries,
               "Partitions that the table has room for; fewer than 128 take less than the 16 KiB that UEFI wants.",
               in_range(1, kMaxEntries))
          .add("table_offset", &GptOptions::table_offset,
               "Where the partition entries lie, in bytes from the start of the disk, so that a boot loader may lie "
               "in front of them; right behind the header if left out.")
          .add("backup", &GptOptions::backup,
               "Whether there is a copy of the table at the end of the disk; its place stays free all the same.");
  return set;
}

Places GptTable::places(std::uint32_t sector_size, std::uint64_t disk_size) const {
  if (sector_size != 512 && sector_size != 4096) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("sector size {}: must be 512 or 4096 bytes", sector_size));
  }
  const std::uint64_t offset = options_.table_offset ? options_.table_offset->value : kFirstArrayLba * sector_size;
  if (offset % sector_size != 0 || offset < kFirstArrayLba * sector_size || offset > kMaxDiskSize) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("table_offset {}: must be a multiple of the {}-byte sector, behind the header, which ends "
                            "at {}",
                            exact_size(offset), sector_size, exact_size(kFirstArrayLba * sector_size)));
  }
  return {.disk_sectors = disk_size / sector_size,
          .array_sectors = div_ceil(options_.entries * sizeof(PartitionEntry), sector_size),
          .primary_array = offset / sector_size};
}

PlacementRules GptTable::placement_rules(const TableRequest& request) const {
  const std::uint64_t sector_size = request.sector_size;
  const Places head = places(request.sector_size, 0);
  PlacementRules rules;
  rules.table = "gpt";
  rules.alignment = options_.alignment.value;
  rules.structures = {mbr_structure(request),
                      {kHeaderName, kPrimaryLba * sector_size, sector_size},
                      {kArrayName, head.primary_array * sector_size, head.array_sectors * sector_size}};
  rules.first_usable = head.first_usable() * sector_size;
  rules.tail_size = head.tail_sectors() * sector_size;
  rules.tail_name = options_.backup ? "backup GPT" : "room for a backup GPT";
  rules.max_partitions = options_.entries;
  return rules;
}

Layout GptTable::plan(const TableRequest& request, Context& /*context*/) {
  const PlacementRules rules = placement_rules(request);
  const Placement placement = place_partitions(request, rules);
  const Places disk = places(request.sector_size, placement.disk_size);
  const Seed seed = request.seed.derive("gpt");
  if (options_.disk_guid && options_.disk_guid->is_nil()) {
    throw Error(ErrorCode::InvalidArgument, "the disk_guid is zero, which is none: leave it out, or set another one");
  }
  Layout layout;
  layout.table = "gpt";
  layout.disk_id = options_.disk_guid.value_or(seed.uuid("disk")).to_string();
  layout.disk_size = placement.disk_size;
  layout.sector_size = request.sector_size;
  layout.partitions = plan_partitions(request, placement, seed);
  layout.structures = rules.structures;
  if (options_.backup) {
    const std::uint64_t sector_size = request.sector_size;
    layout.structures.push_back(
        {std::string(kBackupPrefix) + kArrayName, disk.backup_array() * sector_size, disk.array_sectors * sector_size});
    layout.structures.push_back(
        {std::string(kBackupPrefix) + kHeaderName, disk.backup_header() * sector_size, sector_size});
  }
  check_uuids(layout);
  plan_mbr(request, layout, disk);  // refuses what a hybrid MBR can't hold
  return layout;
}

BlobPtr GptTable::compose(const TableRequest& request, const Layout& layout, std::vector<BlobPtr> contents,
                          Context& /*context*/) {
  const TableShape shape{.entries = options_.entries,
                         .places = places(layout.sector_size, layout.disk_size),
                         .has_backup = options_.backup};
  BlobBuilder disk;
  for (PlacedBytes& piece : encode_table(layout, shape)) {
    disk.add(piece.offset, make_memory_blob(std::move(piece.bytes)));
  }
  const TableStructure mbr_place = mbr_structure(request);
  ProtectiveMbr mbr = plan_mbr(request, layout, shape.places);
  std::ranges::copy(read_boot_code(request.boot_code, kBootCodeSize), mbr.boot_code.begin());
  const auto mbr_bytes = std::as_bytes(std::span(&mbr, 1)).subspan(mbr_place.offset);
  disk.add(mbr_place.offset, make_memory_blob({mbr_bytes.begin(), mbr_bytes.end()}));
  add_partition_contents(disk, layout, std::move(contents));
  return disk.finish(layout.disk_size);
}

bool GptTable::probe(const Blob& disk) const {
  return (has_protective_mbr(disk) || has_damaged_protective_mbr(disk)) && has_any_header(disk);
}

Layout GptTable::open(const Blob& disk, Context& context) {
  if (has_damaged_protective_mbr(disk)) {
    context.report_damage(fmt::format(
        "no record of the protective MBR has type 0xee, so that others may see no GPT; `{}` mends it", kRepairCommand));
  }
  return layout_of(usable_copies(disk, context), disk);
}

BlobPtr GptTable::grow(BlobPtr disk, std::uint64_t size, Context& context) {
  return grow_table(disk, usable_copies(*disk, context), size);
}

std::vector<DiskPatch> GptTable::repair(const Blob& disk, Context& /*context*/) {
  if (!has_any_header(disk)) throw Error(ErrorCode::Corrupt, "no GPT header");
  return repair_table(disk, read_copies(disk));
}

void GptTable::check(const Blob& disk, Context& context) { check_table(disk, context); }

}  // namespace fstool::gpt

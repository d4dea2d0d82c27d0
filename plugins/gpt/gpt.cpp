#include "gpt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/partition_layout.h"
#include "fstool/size.h"
#include "name.h"
#include "partition_types.h"
#include "structures.h"
#include "table_check.h"
#include "table_growth.h"
#include "table_reader.h"
#include "table_writer.h"

namespace fstool::gpt {
namespace {

/// The sectors of one copy of the table; its header and array were checked to lie on the disk.
void add_structures(Layout& layout, const Table& table, const std::string& prefix) {
  const std::uint64_t sector_size = table.sector_size;
  const std::uint64_t array_size =
      std::uint64_t{table.header.number_of_partition_entries} * table.header.size_of_partition_entry;
  layout.structures.push_back({prefix + "GPT header", table.header.my_lba * sector_size, sector_size});
  if (array_size == 0) return;
  layout.structures.push_back({prefix + "GPT partition entries", table.header.partition_entry_lba * sector_size,
                               round_up(array_size, sector_size)});
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
  layout.structures.push_back({"protective MBR", 0, layout.sector_size});
  if (copies.primary.table) add_structures(layout, *copies.primary.table, "");
  if (copies.backup.table) add_structures(layout, *copies.backup.table, "backup ");
  std::sort(layout.structures.begin(), layout.structures.end(),
            [](const TableStructure& a, const TableStructure& b) { return a.offset < b.offset; });
  return layout;
}

void check_backup(const TableCopies& copies, Context& context) {
  if (!copies.backup.table) {
    context.report_damage(fmt::format("the backup GPT is damaged ({}); the primary is used", copies.backup.problem));
  } else if (copies.backup.table->header.partition_entry_array_crc32 !=
             copies.primary.table->header.partition_entry_array_crc32) {
    context.report_damage("the backup GPT has other partitions than the primary, which is used");
  }
}

/// A disk's copies, one of which at least can be read.
TableCopies usable_copies(const Blob& disk, Context& context) {
  TableCopies copies = read_copies(disk);
  if (copies.primary.table) {
    check_backup(copies, context);
  } else if (copies.backup.table) {
    context.report_damage(fmt::format("the primary GPT is damaged ({}); the backup is used", copies.primary.problem));
  } else {
    throw Error(ErrorCode::Corrupt,
                fmt::format("the primary GPT is damaged ({}), and there is no usable backup", copies.primary.problem));
  }
  return copies;
}

}  // namespace

const OptionSet<GptOptions>& gpt_options() {
  static const OptionSet<GptOptions> set =
      OptionSet<GptOptions>()
          .add("alignment", &GptOptions::alignment, "Partitions without an offset start at a multiple of this size.")
          .add("disk_guid", &GptOptions::disk_guid, "GUID of the disk; derived from the spec's seed if left out.");
  return set;
}

Layout GptTable::plan(const TableRequest& request, Context& /*context*/) {
  PlacementRules rules;
  rules.table = "gpt";
  rules.alignment = options_.alignment.value;
  rules.first_usable = head_size(request.sector_size);
  rules.tail_size = tail_size(request.sector_size);
  rules.tail_name = "backup GPT";
  rules.max_partitions = kEntryCount;
  const Placement placement = place_partitions(request, rules);

  const Seed seed = request.seed.derive("gpt");
  Layout layout;
  layout.table = "gpt";
  layout.disk_id = options_.disk_guid.value_or(seed.uuid("disk")).to_string();
  layout.disk_size = placement.disk_size;
  layout.sector_size = request.sector_size;
  for (std::size_t index = 0; index < request.partitions.size(); ++index) {
    const PartitionRequest& wanted = request.partitions[index];
    with_context([&] { return partition_label(index + 1, wanted.name); },
                 [&] {
                   encode_name(wanted.name);  // refuses what the table can't hold
                   const Uuid type = parse_partition_type(wanted.type);
                   Partition partition;
                   partition.number = static_cast<std::uint32_t>(index + 1);
                   partition.name = wanted.name;
                   partition.type = type.to_string();
                   partition.type_name = short_type_name(type);
                   partition.uuid = seed.uuid(fmt::format("partition {}", index + 1)).to_string();
                   partition.offset = placement.partitions[index].offset;
                   partition.size = placement.partitions[index].size;
                   layout.partitions.push_back(std::move(partition));
                 });
  }
  return layout;
}

BlobPtr GptTable::compose(const TableRequest& /*request*/, const Layout& layout, std::vector<BlobPtr> contents,
                          Context& /*context*/) {
  TableBytes table = encode_table(layout);
  const std::uint64_t tail_offset = layout.disk_size - table.tail.size();
  BlobBuilder disk;
  disk.add(0, make_memory_blob(std::move(table.head)));
  add_partition_contents(disk, layout, std::move(contents));
  disk.add(tail_offset, make_memory_blob(std::move(table.tail)));
  return disk.finish(layout.disk_size);
}

bool GptTable::probe(const Blob& disk) const { return has_protective_mbr(disk) && has_any_header(disk); }

Layout GptTable::open(const Blob& disk, Context& context) { return layout_of(usable_copies(disk, context), disk); }

BlobPtr GptTable::grow(BlobPtr disk, std::uint64_t size, Context& context) {
  return grow_table(disk, usable_copies(*disk, context), size);
}

void GptTable::check(const Blob& disk, Context& context) { check_table(disk, context); }

}  // namespace fstool::gpt

#include "mbr.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/partition_layout.h"
#include "identifiers.h"
#include "logical_chain.h"
#include "partition_types.h"
#include "sector_size.h"
#include "structures.h"
#include "table_check.h"
#include "table_plan.h"
#include "table_writer.h"

namespace fstool::mbr {
namespace {

/// The seed's signature; 0 means "none" to operating systems.
std::uint32_t signature_from(const Seed& seed) {
  const auto signature = static_cast<std::uint32_t>(seed.number("disk signature"));
  return signature == 0 ? 1 : signature;
}

Partition decode_record(const PartitionRecord& record, std::uint32_t number, std::uint64_t first_sector,
                        const Layout& layout, std::uint32_t disk_signature) {
  Partition partition;
  partition.number = number;
  partition.type = type_text(record.os_type);
  partition.type_name = short_type_name(record.os_type);
  partition.uuid = uuid_text(disk_signature, number);
  partition.offset = first_sector * layout.sector_size;
  partition.size = std::uint64_t{record.size_in_lba} * layout.sector_size;
  partition.attributes = record.boot_indicator;
  partition.holds_partitions = is_extended(record.os_type);
  return partition;
}

void add_logical_partitions(const Blob& disk, const PartitionRecord& extended, const MasterBootRecord& mbr,
                            Layout& layout, Context& context) {
  const auto damage = [&](const std::string& what) { context.report_damage(what); };
  const LogicalChain chain = read_logical_chain(disk, extended, layout.sector_size, damage, context);
  for (const std::uint64_t sector : chain.boot_records) {
    layout.structures.push_back({std::string(kBootRecordName), sector * layout.sector_size, sizeof(MasterBootRecord)});
  }
  for (const LogicalPartition& partition : chain.partitions) {
    if (partition.end > disk.size() / layout.sector_size) {
      damage(fmt::format("partition {} ends at sector {}, behind the end of the disk, and is left out",
                         partition.number, partition.end - 1));
      continue;
    }
    layout.partitions.push_back(
        decode_record(partition.record, partition.number, partition.first, layout, mbr.disk_signature));
  }
}

void warn_of_several_active(const Layout& layout, Context& context) {
  const auto active = std::count_if(layout.partitions.begin(), layout.partitions.end(),
                                    [](const Partition& partition) { return partition.attributes == kActive; });
  if (active > 1) context.warn(fmt::format("{} partitions are bootable, and a BIOS boots from one", active));
}

/// The last number that fdisk and sfdisk take; parted's is a few higher, and Linux' 255.
constexpr std::uint32_t kLastUsualNumber = 60;

void warn_of_high_numbers(const Layout& layout, Context& context) {
  std::uint32_t last = 0;
  for (const Partition& partition : layout.partitions) last = std::max(last, partition.number);
  if (last <= kLastUsualNumber) return;
  context.warn(
      fmt::format("the partitions are numbered up to {}: fdisk and sfdisk leave out those behind {}, and Linux "
                  "those behind 255",
                  last, kLastUsualNumber));
}

void check_contents(const Layout& layout, const std::vector<BlobPtr>& contents) {
  for (std::size_t index = 0; index < std::min(contents.size(), layout.partitions.size()); ++index) {
    const Partition& partition = layout.partitions[index];
    if (!partition.holds_partitions || !contents[index]) continue;
    throw Error(ErrorCode::InvalidArgument, fmt::format("{} is extended: it holds partitions, and nothing else",
                                                        partition_label(partition.number, partition.name)));
  }
}

bool has_protective_record(const MasterBootRecord& mbr) {
  return std::any_of(mbr.partitions.begin(), mbr.partitions.end(),
                     [](const PartitionRecord& record) { return record.os_type == kGptProtective; });
}

}  // namespace

const OptionSet<MbrOptions>& mbr_options() {
  static const OptionSet<MbrOptions> set =
      OptionSet<MbrOptions>()
          .add("alignment", &MbrOptions::alignment, "Partitions without an offset start at a multiple of this size.")
          .add("disk_signature", &MbrOptions::disk_signature,
               "Disk signature, a number of 32 bits; derived from the spec's seed if left out.",
               in_range(1, std::numeric_limits<std::uint32_t>::max()));
  return set;
}

const OptionSet<MbrPartitionOptions>& mbr_partition_options() {
  static const OptionSet<MbrPartitionOptions> set =
      OptionSet<MbrPartitionOptions>()
          .add("bootable", &MbrPartitionOptions::bootable, "Marks the partition as active: what a BIOS boots from.")
          .add("logical", &MbrPartitionOptions::logical,
               "Whether it lies in the extended partition; left out, those that four records have no room for do, and "
               "those listed behind an extended one.");
  return set;
}

Layout MbrTable::plan(const TableRequest& request, Context& /*context*/) {
  return plan_table(request, options_.alignment.value,
                    options_.disk_signature.value_or(signature_from(request.seed.derive("mbr"))));
}

BlobPtr MbrTable::compose(const TableRequest& request, const Layout& layout, std::vector<BlobPtr> contents,
                          Context& context) {
  check_contents(layout, contents);
  warn_of_several_active(layout, context);
  warn_of_high_numbers(layout, context);
  const std::vector<std::byte> boot_code = read_boot_code(request.boot_code, sizeof(MasterBootRecord::boot_code));
  BlobBuilder disk;
  for (const PlacedBootRecord& placed : encode_boot_records(layout, boot_code)) {
    const auto bytes = std::as_bytes(std::span(&placed.record, 1));
    disk.add(placed.offset, make_memory_blob({bytes.begin(), bytes.end()}));
  }
  add_partition_contents(disk, layout, std::move(contents));
  return disk.finish(layout.disk_size);
}

bool MbrTable::probe(const Blob& disk) const {
  const std::optional<MasterBootRecord> mbr = read_boot_record(disk, 0, sizeof(MasterBootRecord));
  if (!mbr || has_protective_record(*mbr) || is_damaged_protective_mbr(*mbr, disk)) return false;
  const bool any_used = std::any_of(mbr->partitions.begin(), mbr->partitions.end(),
                                    [](const PartitionRecord& record) { return record.used(); });
  return any_used && find_problems(*mbr, std::numeric_limits<std::uint64_t>::max(), sizeof(MasterBootRecord)).empty();
}

Layout MbrTable::open(const Blob& disk, Context& context) {
  const std::optional<MasterBootRecord> mbr = read_boot_record(disk, 0, sizeof(MasterBootRecord));
  if (!mbr) throw Error(ErrorCode::Corrupt, "no MBR: the first sector doesn't end in 0x55 0xaa");
  const std::uint32_t sector_size = find_sector_size(disk, *mbr, context);
  const std::vector<std::string> problems = find_problems(*mbr, disk.size(), sector_size);
  if (!problems.empty()) throw Error(ErrorCode::Corrupt, problems.front());

  Layout layout;
  layout.table = "mbr";
  layout.disk_id = disk_id_text(mbr->disk_signature);
  layout.disk_size = disk.size();
  layout.sector_size = sector_size;
  layout.structures.push_back({std::string(kMbrName), 0, sizeof(MasterBootRecord)});
  for (std::size_t index = 0; index < mbr->partitions.size(); ++index) {
    const PartitionRecord& record = mbr->partitions[index];
    if (!record.used()) continue;
    layout.partitions.push_back(
        decode_record(record, static_cast<std::uint32_t>(index + 1), record.starting_lba, layout, mbr->disk_signature));
  }
  for (const PartitionRecord& record : mbr->partitions) {
    if (record.used() && is_extended(record.os_type)) add_logical_partitions(disk, record, *mbr, layout, context);
  }
  std::ranges::sort(layout.structures, {}, &TableStructure::offset);
  return layout;
}

std::vector<DiskPatch> MbrTable::repair(const Blob& disk, Context& context) { return find_repairs(disk, context); }

void MbrTable::check(const Blob& disk, Context& context) { check_table(disk, context); }

}  // namespace fstool::mbr

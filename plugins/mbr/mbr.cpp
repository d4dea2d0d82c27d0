#include "mbr.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "fstool/chs.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/partition_layout.h"
#include "logical_chain.h"
#include "partition_types.h"
#include "structures.h"
#include "table_check.h"

namespace fstool::mbr {
namespace {

constexpr std::uint64_t kMaxSectors = std::uint64_t{1} << 32U;

std::string type_text(std::uint8_t os_type) { return fmt::format("0x{:02x}", os_type); }
std::string disk_id_text(std::uint32_t disk_signature) { return fmt::format("0x{:08x}", disk_signature); }
/// As the kernel's PARTUUID.
std::string uuid_text(std::uint32_t disk_signature, std::uint32_t number) {
  return fmt::format("{:08x}-{:02x}", disk_signature, number);
}

/// A number as type_text() and disk_id_text() write it. Throws Error(InvalidArgument).
template <class Number>
Number parse_hex(std::string_view text, std::string_view what) {
  Number value = 0;
  if (text.starts_with("0x")) {
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, 16);
    if (text.size() > 2 && error == std::errc() && end == text.data() + text.size()) return value;
  }
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("{} \"{}\" is not a hexadecimal number of {} bytes", what, text, sizeof(Number)));
}

/// The seed's signature; 0 means "none" to operating systems.
std::uint32_t signature_from(const Seed& seed) {
  const auto signature = static_cast<std::uint32_t>(seed.number("disk signature"));
  return signature == 0 ? 1 : signature;
}

/// Beyond what CHS can address, fdisk and the BIOSes that look at the fields use the largest address.
ChsField clamped_chs(std::uint64_t lba) { return chs_field(lba).value_or(ChsField{0xFE, 0xFF, 0xFF}); }

PartitionRecord encode_record(const Partition& partition, const Layout& layout) {
  const std::uint64_t sector = layout.sector_size;
  const std::uint64_t first = partition.offset / sector;
  const std::uint64_t count = partition.size / sector;
  if (partition.offset % sector != 0 || partition.size % sector != 0 || first == 0 || count == 0 ||
      first >= kMaxSectors || count > kMaxSectors - first || partition.offset > layout.disk_size ||
      partition.size > layout.disk_size - partition.offset) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("{} bytes from {} are not whole sectors that mbr can address",
                                                        partition.size, partition.offset));
  }
  if (partition.attributes > std::numeric_limits<std::uint8_t>::max()) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("boot indicator 0x{:x} is not a byte", partition.attributes));
  }
  PartitionRecord record{};
  record.boot_indicator = static_cast<std::uint8_t>(partition.attributes);
  record.starting_chs = clamped_chs(first);
  record.os_type = parse_hex<std::uint8_t>(partition.type, "type");
  record.ending_chs = clamped_chs(first + count - 1);
  record.starting_lba = static_cast<std::uint32_t>(first);
  record.size_in_lba = static_cast<std::uint32_t>(count);
  return record;
}

MasterBootRecord encode_mbr(const Layout& layout) {
  if ((layout.sector_size != 512 && layout.sector_size != 4096) || layout.disk_size < layout.sector_size) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("no mbr fits on a disk of {} bytes with {}-byte sectors",
                                                        layout.disk_size, layout.sector_size));
  }
  MasterBootRecord mbr{};
  mbr.disk_signature = parse_hex<std::uint32_t>(layout.disk_id, "disk signature");
  for (const Partition& partition : layout.partitions) {
    with_context([&] { return partition_label(partition.number, partition.name); },
                 [&] {
                   if (partition.number < 1 || partition.number > mbr.partitions.size()) {
                     throw Error(ErrorCode::InvalidArgument,
                                 fmt::format("mbr counts its partitions from 1 to {}", mbr.partitions.size()));
                   }
                   PartitionRecord& record = mbr.partitions[partition.number - 1];
                   if (record.used()) throw Error(ErrorCode::InvalidArgument, "its number is taken");
                   record = encode_record(partition, layout);
                 });
  }
  mbr.signature = kSignature;
  return mbr;
}

Partition decode_record(const PartitionRecord& record, std::uint32_t number, std::uint64_t first_sector,
                        std::uint32_t disk_signature) {
  Partition partition;
  partition.number = number;
  partition.type = type_text(record.os_type);
  partition.type_name = short_type_name(record.os_type);
  partition.uuid = uuid_text(disk_signature, number);
  partition.offset = first_sector * kReadSectorSize;
  partition.size = std::uint64_t{record.size_in_lba} * kReadSectorSize;
  partition.attributes = record.boot_indicator;
  partition.holds_partitions = is_extended(record.os_type);
  return partition;
}

void add_logical_partitions(const Blob& disk, const PartitionRecord& extended, const MasterBootRecord& mbr,
                            Layout& layout, Context& context) {
  const auto damage = [&](const std::string& what) { context.report_damage(what); };
  const LogicalChain chain = read_logical_chain(disk, extended, damage, context);
  for (const std::uint64_t sector : chain.boot_records) {
    layout.structures.push_back({"extended boot record", sector * kReadSectorSize, sizeof(MasterBootRecord)});
  }
  for (const LogicalPartition& partition : chain.partitions) {
    if (partition.end > disk.size() / kReadSectorSize) {
      damage(fmt::format("partition {} ends at sector {}, behind the end of the disk, and is left out",
                         partition.number, partition.end - 1));
      continue;
    }
    layout.partitions.push_back(decode_record(partition.record, partition.number, partition.first, mbr.disk_signature));
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

Layout MbrTable::plan(const TableRequest& request, Context& /*context*/) {
  if (request.partitions.size() > 4) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("{} partitions: mbr holds four; use partition_table = \"gpt\"", request.partitions.size()));
  }
  PlacementRules rules;
  rules.table = "mbr";
  rules.alignment = options_.alignment.value;
  rules.first_usable = request.sector_size;
  rules.address_limit = kMaxSectors * request.sector_size;
  rules.max_partitions = 4;
  const Placement placement = place_partitions(request, rules);

  const std::uint32_t disk_signature = options_.disk_signature.value_or(signature_from(request.seed.derive("mbr")));
  Layout layout;
  layout.table = "mbr";
  layout.disk_id = disk_id_text(disk_signature);
  layout.disk_size = placement.disk_size;
  layout.sector_size = request.sector_size;
  for (std::size_t index = 0; index < request.partitions.size(); ++index) {
    const PartitionRequest& wanted = request.partitions[index];
    const std::uint8_t os_type = with_context([&] { return partition_label(index + 1, wanted.name); },
                                              [&] { return parse_partition_type(wanted.type); });
    Partition partition;
    partition.number = static_cast<std::uint32_t>(index + 1);
    partition.name = wanted.name;
    partition.type = type_text(os_type);
    partition.type_name = short_type_name(os_type);
    partition.uuid = uuid_text(disk_signature, partition.number);
    partition.offset = placement.partitions[index].offset;
    partition.size = placement.partitions[index].size;
    layout.partitions.push_back(std::move(partition));
  }
  return layout;
}

BlobPtr MbrTable::compose(const TableRequest& /*request*/, const Layout& layout, std::vector<BlobPtr> contents,
                          Context& /*context*/) {
  const MasterBootRecord mbr = encode_mbr(layout);
  const auto bytes = std::as_bytes(std::span(&mbr, 1));
  BlobBuilder disk;
  disk.add(0, make_memory_blob({bytes.begin(), bytes.end()}));
  add_partition_contents(disk, layout, std::move(contents));
  return disk.finish(layout.disk_size);
}

bool MbrTable::probe(const Blob& disk) const {
  const std::optional<MasterBootRecord> mbr = read_boot_record(disk, 0);
  if (!mbr || has_protective_record(*mbr)) return false;
  const bool any_used = std::any_of(mbr->partitions.begin(), mbr->partitions.end(),
                                    [](const PartitionRecord& record) { return record.used(); });
  return any_used && find_problems(*mbr, std::numeric_limits<std::uint64_t>::max()).empty();
}

Layout MbrTable::open(const Blob& disk, Context& context) {
  const std::optional<MasterBootRecord> mbr = read_boot_record(disk, 0);
  if (!mbr) throw Error(ErrorCode::Corrupt, "no MBR: the first sector doesn't end in 0x55 0xaa");
  const std::vector<std::string> problems = find_problems(*mbr, disk.size() / kReadSectorSize);
  if (!problems.empty()) throw Error(ErrorCode::Corrupt, problems.front());

  Layout layout;
  layout.table = "mbr";
  layout.disk_id = disk_id_text(mbr->disk_signature);
  layout.disk_size = disk.size();
  layout.sector_size = kReadSectorSize;
  layout.structures.push_back({"MBR", 0, sizeof(MasterBootRecord)});
  for (std::size_t index = 0; index < mbr->partitions.size(); ++index) {
    const PartitionRecord& record = mbr->partitions[index];
    if (!record.used()) continue;
    layout.partitions.push_back(
        decode_record(record, static_cast<std::uint32_t>(index + 1), record.starting_lba, mbr->disk_signature));
  }
  for (const PartitionRecord& record : mbr->partitions) {
    if (record.used() && is_extended(record.os_type)) add_logical_partitions(disk, record, *mbr, layout, context);
  }
  std::ranges::sort(layout.structures, {}, &TableStructure::offset);
  return layout;
}

void MbrTable::check(const Blob& disk, Context& context) { check_table(disk, context); }

}  // namespace fstool::mbr

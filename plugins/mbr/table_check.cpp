#include "table_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>

#include "fstool/error.h"
#include "logical_chain.h"
#include "sector_size.h"

namespace fstool::mbr {
namespace {

/// Sectors of the devices that partitions may end on.
constexpr std::uint64_t kPhysicalSector = 4096;

/// Sectors of a disk, as numbered by its partition.
struct SectorRange {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::size_t number = 0;

  friend bool operator<(const SectorRange& a, const SectorRange& b) { return a.first < b.first; }
};

/// Adds a sentence for each partition that begins before the one in front of it ends. Sorts `ranges`.
void find_overlaps(std::vector<SectorRange>& ranges, std::vector<std::string>& problems) {
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t next = 1; next < ranges.size(); ++next) {
    if (ranges[next].first >= ranges[next - 1].end) continue;
    problems.push_back(fmt::format("partitions {} and {} overlap at sector {}", ranges[next - 1].number,
                                   ranges[next].number, ranges[next].first));
  }
}

/// The bytes at the start of a sector, whatever they are.
std::optional<MasterBootRecord> read_sector(const Blob& disk, std::uint64_t sector, std::uint32_t sector_size) {
  MasterBootRecord record{};
  if (disk.size() < sizeof(record) || sector > (disk.size() - sizeof(record)) / sector_size) return std::nullopt;
  disk.read(sector * sector_size, std::as_writable_bytes(std::span(&record, 1)));
  return record;
}

std::optional<MasterBootRecord> read_first_sector(const Blob& disk) {
  return read_sector(disk, 0, sizeof(MasterBootRecord));
}

/// Adds a sentence for each boot record that lies in a partition. `ranges` are sorted.
void find_covered_records(const std::vector<std::uint64_t>& boot_records, const std::vector<SectorRange>& ranges,
                          std::vector<std::string>& problems) {
  for (const std::uint64_t sector : boot_records) {
    const auto behind = std::upper_bound(ranges.begin(), ranges.end(), SectorRange{sector, 0, 0});
    if (behind == ranges.begin() || std::prev(behind)->end <= sector || std::prev(behind)->first == sector) continue;
    problems.push_back(
        fmt::format("partition {} covers the boot record at sector {}", std::prev(behind)->number, sector));
  }
}

/// True for records that are good enough to be a table's even without its signature.
bool has_good_records(const MasterBootRecord& mbr, const Blob& disk) {
  return std::any_of(mbr.partitions.begin(), mbr.partitions.end(),
                     [](const PartitionRecord& record) { return record.used(); }) &&
         find_problems(mbr, disk.size(), sizeof(MasterBootRecord)).empty();
}

void warn_if_misaligned(std::size_t number, std::uint64_t first, std::uint32_t sector_size, Context& context) {
  if (first * sector_size % kPhysicalSector == 0) return;
  context.warn(fmt::format("partition {}: it begins at sector {}, which is not a multiple of 4 KiB and may be slow",
                           number, first));
}

struct CheckedChain {
  LogicalChain chain;
  std::vector<std::string> problems;  ///< a sentence each
};

CheckedChain check_chain(const Blob& disk, const PartitionRecord& extended, std::uint32_t sector_size,
                         const Context& context) {
  CheckedChain checked;
  const auto damage = [&](const std::string& what) { checked.problems.push_back(what); };
  checked.chain = read_logical_chain(disk, extended, sector_size, damage, context);
  std::vector<SectorRange> ranges;
  for (const LogicalPartition& partition : checked.chain.partitions) {
    ranges.push_back({partition.first, partition.end, partition.number});
  }
  find_overlaps(ranges, checked.problems);
  find_covered_records(checked.chain.boot_records, ranges, checked.problems);
  return checked;
}

/// True for what is more likely code or text than a table: one wrong boot indicator is damage, several are not.
bool is_other_boot_sector(const MasterBootRecord& mbr) {
  return std::count_if(mbr.partitions.begin(), mbr.partitions.end(),
                       [](const PartitionRecord& record) { return !record.has_boot_indicator(); }) > 1;
}

/// True if a GPT begins in the second sector, whatever size sectors have.
bool has_gpt_header(const Blob& disk) {
  constexpr std::string_view kHeaderSignature = "EFI PART";
  return std::ranges::any_of(kSectorSizes, [&](std::uint32_t sector_size) {
    std::array<char, kHeaderSignature.size()> start{};
    if (disk.size() < sector_size + start.size()) return false;
    disk.read(sector_size, std::as_writable_bytes(std::span(start)));
    return std::string_view(start.data(), start.size()) == kHeaderSignature;
  });
}

/// The record that protected a GPT before its type was damaged: no partition begins where the GPT's header is.
auto find_former_protective(const MasterBootRecord& mbr) {
  return std::ranges::find_if(mbr.partitions,
                              [](const PartitionRecord& record) { return record.used() && record.starting_lba == 1; });
}

void check_gpt(const Blob& disk, const MasterBootRecord& mbr, Context& context) {
  if (!has_gpt_header(disk)) return;
  const auto former = find_former_protective(mbr);
  if (former == mbr.partitions.end()) {
    return context.warn("there is a GPT header behind the MBR, which nothing protects: a disk that had a GPT before");
  }
  context.report_damage(
      fmt::format("partition {} covers a GPT, but has type 0x{:02x} instead of 0xee: the protective MBR is damaged",
                  former - mbr.partitions.begin() + 1, former->os_type));
}

/// What is no contradiction, but rarely meant.
void warn_of_oddities(const MasterBootRecord& mbr, std::uint32_t sector_size, Context& context) {
  unsigned active = 0;
  for (std::size_t index = 0; index < mbr.partitions.size(); ++index) {
    const PartitionRecord& record = mbr.partitions[index];
    if (record.used() && record.boot_indicator == kActive) ++active;
    if (record.os_type != 0 && record.size_in_lba == 0) {
      context.warn(fmt::format("partition {}: it has a type, but no size", index + 1));
    }
    if (record.os_type == 0 && record.size_in_lba != 0) {
      context.warn(fmt::format("partition {}: it has a size, but no type", index + 1));
    }
    if (record.used()) warn_if_misaligned(index + 1, record.starting_lba, sector_size, context);
  }
  if (active > 1) context.warn(fmt::format("{} partitions are active, and a BIOS boots from one", active));
}

}  // namespace

std::optional<MasterBootRecord> read_boot_record(const Blob& disk, std::uint64_t sector, std::uint32_t sector_size) {
  const std::optional<MasterBootRecord> record = read_sector(disk, sector, sector_size);
  return record && record->signature == kSignature ? record : std::nullopt;
}

bool is_damaged_protective_mbr(const MasterBootRecord& mbr, const Blob& disk) {
  return find_former_protective(mbr) != mbr.partitions.end() && has_gpt_header(disk);
}

std::vector<std::string> find_problems(const MasterBootRecord& mbr, std::uint64_t disk_size,
                                       std::uint32_t sector_size) {
  std::vector<std::string> problems;
  std::vector<SectorRange> ranges;
  std::size_t extended = 0;
  for (std::size_t index = 0; index < mbr.partitions.size(); ++index) {
    const PartitionRecord& record = mbr.partitions[index];
    if (!record.has_boot_indicator()) {
      problems.push_back(fmt::format("partition {}: boot indicator 0x{:02x} is neither 0x00 nor 0x80", index + 1,
                                     record.boot_indicator));
    }
    if (!record.used()) continue;
    const std::uint64_t first = record.starting_lba;
    const std::uint64_t end = first + record.size_in_lba;
    if (first == 0) problems.push_back(fmt::format("partition {} begins in the MBR itself", index + 1));
    if (end > disk_size / sector_size) {
      problems.push_back(
          fmt::format("partition {} ends at sector {}, but the disk has {} sectors of {} bytes: the "
                      "image may be cut off",
                      index + 1, end - 1, disk_size / sector_size, sector_size));
    }
    if (is_extended(record.os_type)) ++extended;
    ranges.push_back({first, end, index + 1});
  }
  find_overlaps(ranges, problems);
  if (extended > 1) problems.push_back(fmt::format("there are {} extended partitions", extended));
  return problems;
}

MasterBootRecord read_damaged_mbr(const Blob& disk) {
  const std::optional<MasterBootRecord> mbr = read_first_sector(disk);
  if (!mbr || (mbr->signature != kSignature && !has_good_records(*mbr, disk))) {
    throw Error(ErrorCode::Corrupt, "no MBR: the first sector doesn't end in 0x55 0xaa");
  }
  if (is_other_boot_sector(*mbr)) throw Error(ErrorCode::Corrupt, "no MBR: the first sector has no partition records");
  return *mbr;
}

void check_table(const Blob& disk, Context& context) {
  const MasterBootRecord mbr = read_damaged_mbr(disk);
  const std::uint32_t sector_size = find_sector_size(disk, mbr, context);
  if (mbr.signature != kSignature) {
    context.report_damage(
        "the signature of the MBR is missing: the first sector doesn't end in 0x55 0xaa; fstool repair-table mends it");
  }
  for (const std::string& problem : find_problems(mbr, disk.size(), sector_size)) context.report_damage(problem);
  warn_of_oddities(mbr, sector_size, context);
  check_gpt(disk, mbr, context);
  for (const PartitionRecord& record : mbr.partitions) {
    if (!record.used() || !is_extended(record.os_type)) continue;
    const CheckedChain checked = check_chain(disk, record, sector_size, context);
    for (const LogicalPartition& partition : checked.chain.partitions) {
      warn_if_misaligned(partition.number, partition.first, sector_size, context);
    }
    for (const std::string& problem : checked.problems) context.report_damage(problem);
  }
}

std::vector<DiskPatch> find_repairs(const Blob& disk, const Context& context) {
  const MasterBootRecord mbr = read_damaged_mbr(disk);
  if (mbr.signature != kSignature) {
    return {{offsetof(MasterBootRecord, signature), {std::byte{0x55}, std::byte{0xAA}}, "signature of the MBR"}};
  }
  const std::uint32_t sector_size = find_sector_size(disk, mbr, context);
  std::vector<std::string> problems = find_problems(mbr, disk.size(), sector_size);
  for (const PartitionRecord& record : mbr.partitions) {
    if (!problems.empty() || !record.used() || !is_extended(record.os_type)) continue;
    problems = check_chain(disk, record, sector_size, context).problems;
  }
  if (problems.empty()) return {};
  throw Error(ErrorCode::Corrupt, fmt::format("{}, and an MBR has no copy to mend it from", problems.front()));
}

}  // namespace fstool::mbr

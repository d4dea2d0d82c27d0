#include "table_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <span>
#include <string_view>

#include "fstool/error.h"

namespace fstool::mbr {
namespace {

/// Sectors of the devices that partitions may end on.
constexpr std::uint64_t kPhysicalSector = 4096;
/// The first number of a logical partition, as the kernel counts.
constexpr std::uint32_t kFirstLogical = 5;

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

std::optional<MasterBootRecord> read_record_at(const Blob& disk, std::uint64_t sector) {
  MasterBootRecord record{};
  if (disk.size() < sizeof(record) || sector > (disk.size() - sizeof(record)) / kReadSectorSize) return std::nullopt;
  disk.read(sector * kReadSectorSize, std::as_writable_bytes(std::span(&record, 1)));
  if (record.signature != kSignature) return std::nullopt;
  return record;
}

void warn_if_misaligned(std::size_t number, std::uint64_t first, Context& context) {
  if (first * kReadSectorSize % kPhysicalSector == 0) return;
  context.warn(fmt::format("partition {}: it begins at sector {}, which is not a multiple of 4 KiB and may be slow",
                           number, first));
}

/// Follows the chain of logical partitions. Each of its boot records has at most two entries: a partition, whose place
/// counts from the boot record, and the next boot record, whose place counts from the extended partition.
class ExtendedCheck {
 public:
  ExtendedCheck(const Blob& disk, const PartitionRecord& extended, Context& context)
      : disk_(disk), first_(extended.starting_lba), end_(first_ + extended.size_in_lba), context_(context) {}

  void run() {
    std::set<std::uint64_t> seen;
    std::uint32_t number = kFirstLogical;
    for (std::optional<std::uint64_t> at = first_; at; ++number) {
      if (!seen.insert(*at).second)
        return damage(fmt::format("the boot record at sector {} is its own successor", *at));
      context_.check_cancelled();
      const auto record = read_record_at(disk_, *at);
      if (!record) return damage(fmt::format("there is no boot record at sector {}", *at));
      at = check_record(*record, *at, number);
    }
    std::vector<std::string> problems;
    find_overlaps(logical_, problems);
    for (const std::string& problem : problems) context_.report_damage(problem);
  }

 private:
  void damage(const std::string& what) { context_.report_damage("the chain of logical partitions: " + what); }

  /// The place of the next boot record.
  std::optional<std::uint64_t> check_record(const MasterBootRecord& record, std::uint64_t at, std::uint32_t number) {
    std::optional<std::uint64_t> next;
    for (const PartitionRecord& entry : record.partitions) {
      if (!entry.used()) continue;
      if (is_extended(entry.os_type)) {
        if (next) damage(fmt::format("the boot record at sector {} has two successors", at));
        next = first_ + entry.starting_lba;
        if (*next >= end_) {
          damage(fmt::format("the boot record at sector {} is outside of the extended partition", *next));
          next.reset();
        }
      } else {
        check_logical({at + entry.starting_lba, at + entry.starting_lba + entry.size_in_lba, number});
      }
    }
    return next;
  }

  void check_logical(const SectorRange& range) {
    if (range.end > end_) {
      context_.report_damage(fmt::format("partition {} ends at sector {}, behind the extended partition it is in",
                                         range.number, range.end - 1));
    }
    warn_if_misaligned(range.number, range.first, context_);
    logical_.push_back(range);
  }

  const Blob& disk_;
  const std::uint64_t first_;
  const std::uint64_t end_;
  Context& context_;
  std::vector<SectorRange> logical_;
};

/// True for what is more likely code or text than a table: one wrong boot indicator is damage, several are not.
bool is_other_boot_sector(const MasterBootRecord& mbr) {
  return std::count_if(mbr.partitions.begin(), mbr.partitions.end(), [](const PartitionRecord& record) {
           return record.boot_indicator != 0 && record.boot_indicator != kActive;
         }) > 1;
}

/// A GPT without its protective record looks like an MBR with a partition that covers all of it.
void check_gpt(const Blob& disk, const MasterBootRecord& mbr, Context& context) {
  constexpr std::string_view kHeaderSignature = "EFI PART";
  std::array<char, kHeaderSignature.size()> start{};
  if (disk.size() < kReadSectorSize + start.size()) return;
  disk.read(kReadSectorSize, std::as_writable_bytes(std::span(start)));
  if (std::string_view(start.data(), start.size()) != kHeaderSignature) return;
  for (std::size_t index = 0; index < mbr.partitions.size(); ++index) {
    const PartitionRecord& record = mbr.partitions[index];
    if (!record.used() || record.starting_lba != 1) continue;
    context.report_damage(
        fmt::format("partition {} covers a GPT, but has type 0x{:02x} instead of 0xee: the protective "
                    "MBR is damaged",
                    index + 1, record.os_type));
    return;
  }
  context.warn("there is a GPT header behind the MBR, which nothing protects: a disk that had a GPT before");
}

/// What is no contradiction, but rarely meant.
void warn_of_oddities(const MasterBootRecord& mbr, Context& context) {
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
    if (record.used()) warn_if_misaligned(index + 1, record.starting_lba, context);
  }
  if (active > 1) context.warn(fmt::format("{} partitions are active, and a BIOS boots from one", active));
}

}  // namespace

std::optional<MasterBootRecord> read_mbr(const Blob& disk) { return read_record_at(disk, 0); }

std::vector<std::string> find_problems(const MasterBootRecord& mbr, std::uint64_t disk_sectors) {
  std::vector<std::string> problems;
  std::vector<SectorRange> ranges;
  std::size_t extended = 0;
  for (std::size_t index = 0; index < mbr.partitions.size(); ++index) {
    const PartitionRecord& record = mbr.partitions[index];
    if (record.boot_indicator != 0 && record.boot_indicator != kActive) {
      problems.push_back(fmt::format("partition {}: boot indicator 0x{:02x} is neither 0x00 nor 0x80", index + 1,
                                     record.boot_indicator));
    }
    if (!record.used()) continue;
    const std::uint64_t first = record.starting_lba;
    const std::uint64_t end = first + record.size_in_lba;
    if (first == 0) problems.push_back(fmt::format("partition {} begins in the MBR itself", index + 1));
    if (end > disk_sectors) {
      problems.push_back(
          fmt::format("partition {} ends at sector {}, but the disk has {} sectors: the image may be cut off, or its "
                      "sectors are not of {} bytes",
                      index + 1, end - 1, disk_sectors, kReadSectorSize));
    }
    if (is_extended(record.os_type)) ++extended;
    ranges.push_back({first, end, index + 1});
  }
  find_overlaps(ranges, problems);
  if (extended > 1) problems.push_back(fmt::format("there are {} extended partitions", extended));
  return problems;
}

void check_table(const Blob& disk, Context& context) {
  const std::optional<MasterBootRecord> mbr = read_mbr(disk);
  if (!mbr) throw Error(ErrorCode::Corrupt, "no MBR: the first sector doesn't end in 0x55 0xaa");
  if (is_other_boot_sector(*mbr)) throw Error(ErrorCode::Corrupt, "no MBR: the first sector has no partition records");
  const std::uint64_t disk_sectors = disk.size() / kReadSectorSize;
  for (const std::string& problem : find_problems(*mbr, disk_sectors)) context.report_damage(problem);
  warn_of_oddities(*mbr, context);
  check_gpt(disk, *mbr, context);
  for (const PartitionRecord& record : mbr->partitions) {
    if (record.used() && is_extended(record.os_type)) ExtendedCheck(disk, record, context).run();
  }
}

}  // namespace fstool::mbr

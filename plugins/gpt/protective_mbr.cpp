#include "protective_mbr.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>

#include "fstool/chs.h"
#include "fstool/error.h"
#include "places.h"

namespace fstool::gpt {
namespace {

constexpr std::uint64_t kMostSectors = std::numeric_limits<std::uint32_t>::max();

/// The last address that a CHS field can express, for those beyond it.
constexpr ChsField kLastChs{0xfe, 0xff, 0xff};

/// What the protective record's fields must be on a disk of `disk_sectors`.
MbrRecord protective_record(std::uint64_t disk_sectors) {
  MbrRecord record{};
  record.starting_chs = {0x00, 0x02, 0x00};
  record.os_type = kProtectiveType;
  record.ending_chs = chs_field(disk_sectors - 1).value_or(ChsField{0xff, 0xff, 0xff});
  record.starting_lba = kPrimaryLba;
  record.size_in_lba = static_cast<std::uint32_t>(std::min(disk_sectors - 1, kMostSectors));
  return record;
}

MbrRecord hybrid_record(const HybridRecord& partition) {
  const std::uint64_t last = partition.first_lba + partition.sectors - 1;
  if (last > kMostSectors) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("a hybrid MBR addresses sectors up to {}, and a partition of it ends at sector {}: let it "
                            "lie further in front, or leave out \"hybrid\"",
                            kMostSectors, last));
  }
  MbrRecord record{};
  record.boot_indicator = partition.active ? 0x80 : 0x00;
  record.starting_chs = chs_field(partition.first_lba).value_or(kLastChs);
  record.os_type = partition.os_type;
  record.ending_chs = chs_field(last).value_or(kLastChs);
  record.starting_lba = static_cast<std::uint32_t>(partition.first_lba);
  record.size_in_lba = static_cast<std::uint32_t>(partition.sectors);
  return record;
}

template <class Mbr>
auto find_protective(Mbr& mbr) {
  return std::ranges::find(mbr.partition_record, kProtectiveType, &MbrRecord::os_type);
}

/// A record that was the protective one before its type was damaged: no partition begins where the GPT's header is.
template <class Mbr>
auto find_former_protective(Mbr& mbr) {
  return std::ranges::find_if(mbr.partition_record, [](const MbrRecord& record) {
    return record.os_type != 0 && record.starting_lba == kPrimaryLba;
  });
}

bool is_empty(const ProtectiveMbr& mbr) {
  return std::ranges::all_of(mbr.partition_record, [](const MbrRecord& record) { return record.os_type == 0; });
}

}  // namespace

ProtectiveMbr make_protective_mbr(std::uint64_t disk_sectors) {
  ProtectiveMbr mbr{};
  mbr.partition_record[0] = protective_record(disk_sectors);
  mbr.signature = kMbrSignature;
  return mbr;
}

ProtectiveMbr make_hybrid_mbr(std::span<const HybridRecord> records, std::uint64_t table_end) {
  if (records.size() > kMaxHybridRecords) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("{} partitions are \"hybrid\": an MBR has room for {} beside the protective record",
                            records.size(), kMaxHybridRecords));
  }
  ProtectiveMbr mbr{};
  std::ranges::transform(records, mbr.partition_record.begin(), hybrid_record);
  mbr.partition_record[records.size()] = protective_record(table_end);
  mbr.signature = kMbrSignature;
  return mbr;
}

ProtectiveMbr read_mbr(const Blob& disk) {
  ProtectiveMbr mbr;
  disk.read(0, std::as_writable_bytes(std::span(&mbr, 1)));
  return mbr;
}

bool has_protective_mbr(const Blob& disk) {
  if (disk.size() < sizeof(ProtectiveMbr)) return false;
  const ProtectiveMbr mbr = read_mbr(disk);
  return mbr.signature == kMbrSignature && find_protective(mbr) != mbr.partition_record.end();
}

bool has_damaged_protective_mbr(const Blob& disk) {
  if (disk.size() < sizeof(ProtectiveMbr) || has_protective_mbr(disk)) return false;
  const ProtectiveMbr mbr = read_mbr(disk);
  return mbr.signature == kMbrSignature && find_former_protective(mbr) != mbr.partition_record.end();
}

bool is_hybrid(const ProtectiveMbr& mbr) {
  return std::ranges::any_of(mbr.partition_record, [](const MbrRecord& record) {
    return record.os_type != 0 && record.os_type != kProtectiveType;
  });
}

std::vector<std::string> protective_mbr_problems(const ProtectiveMbr& mbr, std::uint64_t disk_sectors) {
  if (mbr.signature != kMbrSignature) return {"the protective MBR is missing: its signature is not there"};
  const auto protective = find_protective(mbr);
  if (protective == mbr.partition_record.end()) return {"the protective MBR is missing: no record has type 0xee"};
  if (is_hybrid(mbr)) return {};

  std::vector<std::string> problems;
  if (protective->starting_lba != kPrimaryLba) {
    problems.push_back(fmt::format("the protective MBR covers the disk from sector {} on instead of {}",
                                   protective->starting_lba.value(), kPrimaryLba));
  }
  const std::uint64_t expected = std::min(disk_sectors - 1, kMostSectors);
  // Some tools write the largest size whatever the disk has.
  if (protective->size_in_lba != expected && protective->size_in_lba != kMostSectors) {
    problems.push_back(
        fmt::format("the protective MBR covers {} sectors instead of {}", protective->size_in_lba.value(), expected));
  }
  return problems;
}

std::optional<ProtectiveMbr> mended_mbr(const ProtectiveMbr& mbr, std::uint64_t disk_sectors) {
  if (protective_mbr_problems(mbr, disk_sectors).empty()) return mbr;
  ProtectiveMbr mended = mbr;
  mended.signature = kMbrSignature;
  auto record = find_protective(mended);
  if (record == mended.partition_record.end() && mbr.signature != kMbrSignature) {  // nothing of it was an MBR
    mended = make_protective_mbr(disk_sectors);
    mended.boot_code = mbr.boot_code;
    return mended;
  }
  if (record == mended.partition_record.end()) record = find_former_protective(mended);
  if (record == mended.partition_record.end() && is_empty(mended)) record = mended.partition_record.begin();
  if (record == mended.partition_record.end()) return std::nullopt;
  if (record->os_type == kProtectiveType && is_hybrid(mended)) return mended;

  const std::uint8_t boot_indicator = record->boot_indicator;
  *record = protective_record(disk_sectors);
  if (boot_indicator == 0x80) record->boot_indicator = boot_indicator;
  return mended;
}

void cover_grown_disk(ProtectiveMbr& mbr, std::uint64_t old_last_usable, std::uint64_t disk_sectors) {
  for (MbrRecord& record : mbr.partition_record) {
    if (record.os_type != kProtectiveType) continue;
    // Not so the records of a hybrid MBR, beside which others stand.
    const std::uint64_t end = std::uint64_t{record.starting_lba} + record.size_in_lba;
    if (end < std::min(old_last_usable, kMostSectors) || record.starting_lba >= disk_sectors) continue;
    record.size_in_lba = static_cast<std::uint32_t>(std::min(disk_sectors - record.starting_lba, kMostSectors));
    record.ending_chs = protective_record(disk_sectors).ending_chs;
  }
}

}  // namespace fstool::gpt

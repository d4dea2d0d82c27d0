#include "table_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "fstool/checksum.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "places.h"

namespace fstool::gpt {
namespace {

constexpr std::uint32_t kMaxEntrySize = 4096;
constexpr std::array<std::uint32_t, 2> kSectorSizes{512, 4096};

template <class... Args>
Error corrupt(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::Corrupt, fmt::format(format, std::forward<Args>(args)...)};
}

template <class T>
T from_bytes(std::span<const std::byte> bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  return value;
}

std::optional<std::vector<std::byte>> read_sector(const Blob& disk, std::uint32_t sector_size, std::uint64_t lba) {
  if (lba >= disk.size() / sector_size) return std::nullopt;
  std::vector<std::byte> sector(sector_size);
  disk.read(lba * sector_size, sector);
  return sector;
}

/// The CRC is taken over header_size bytes of the sector, with its own field as zero.
std::uint32_t header_checksum(Header header, std::span<const std::byte> sector) {
  header.header_crc32 = 0;
  const std::uint32_t crc = crc32(0, std::as_bytes(std::span(&header, 1)));
  return crc32(crc, sector.first(header.header_size).subspan(sizeof(Header)));
}

Header read_header(const Blob& disk, std::uint32_t sector_size, std::uint64_t lba) {
  const std::optional<std::vector<std::byte>> sector = read_sector(disk, sector_size, lba);
  if (!sector) throw corrupt("sector {} is beyond the end of the disk", lba);
  const Header header = from_bytes<Header>(*sector);
  if (header.signature != kHeaderSignature) throw corrupt("no header at sector {}", lba);
  if (header.header_size < sizeof(Header) || header.header_size > sector_size) {
    throw corrupt("header size {} is not between {} and the sector's {}", header.header_size.value(), sizeof(Header),
                  sector_size);
  }
  if (header.header_crc32 != header_checksum(header, *sector)) throw corrupt("the header's CRC is wrong");
  if (header.revision >> 16U != kHeaderRevision >> 16U) {
    throw Error(ErrorCode::Unsupported, fmt::format("header revision 0x{:08x}", header.revision.value()));
  }
  if (header.my_lba != lba) {
    throw corrupt("the header at sector {} says that it belongs at {}", lba, header.my_lba.value());
  }
  return header;
}

std::vector<std::byte> read_entry_array(const Blob& disk, std::uint32_t sector_size, const Header& header) {
  const std::uint32_t entry_size = header.size_of_partition_entry;
  if (entry_size < sizeof(PartitionEntry) || entry_size > kMaxEntrySize || !std::has_single_bit(entry_size)) {
    throw corrupt("partition entry size {} is not a power of two from {} to {}", entry_size, sizeof(PartitionEntry),
                  kMaxEntrySize);
  }
  const std::uint64_t array_size = entry_array_size(header);
  if (array_size > kMaxEntryArraySize) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("{} partition entries: their array may take {} at most",
                            header.number_of_partition_entries.value(), format_size(kMaxEntryArraySize)));
  }
  const std::uint64_t disk_sectors = disk.size() / sector_size;
  const std::uint64_t array_sectors = div_ceil(array_size, sector_size);
  if (header.partition_entry_lba < kFirstArrayLba || header.partition_entry_lba > disk_sectors ||
      array_sectors > disk_sectors - header.partition_entry_lba) {
    throw corrupt("the partition entry array at sector {} does not lie on the disk",
                  header.partition_entry_lba.value());
  }
  std::vector<std::byte> array(array_size);
  disk.read(header.partition_entry_lba * sector_size, array);
  if (header.partition_entry_array_crc32 != crc32(0, array)) throw corrupt("the partition entry array's CRC is wrong");
  return array;
}

bool overlap(std::uint64_t first, std::uint64_t last, std::uint64_t start, std::uint64_t sectors) {
  return sectors > 0 && first < start + sectors && last >= start;
}

/// True if the sectors `first` to `last` are partly those of the MBR, the primary header, or this copy of the table.
bool covers_table(std::uint64_t first, std::uint64_t last, const Header& header, std::uint32_t sector_size) {
  return overlap(first, last, kMbrLba, 2) || overlap(first, last, header.my_lba, 1) ||
         overlap(first, last, header.partition_entry_lba, div_ceil(entry_array_size(header), sector_size));
}

/// What is wrong with the place of a partition that can be read; nothing mostly. Some versions of genimage call the
/// sectors usable that begin with the first partition listed, though others lie before it.
std::optional<std::string> check_bounds(const NumberedEntry& numbered, const Table& table, std::uint64_t disk_sectors) {
  const Header& header = table.header;
  const std::uint64_t first = numbered.entry.starting_lba;
  const std::uint64_t last = numbered.entry.ending_lba;
  if (first > last) throw corrupt("partition {} ends before it begins", numbered.number);
  const bool is_usable = first >= header.first_usable_lba && last <= header.last_usable_lba;
  const auto outside = [&] {
    return corrupt("partition {} (sectors {} to {}) is outside the usable sectors {} to {}", numbered.number, first,
                   last, header.first_usable_lba.value(), header.last_usable_lba.value());
  };
  if (covers_table(first, last, header, table.sector_size)) throw outside();
  if (last >= disk_sectors) {
    if (!is_usable) throw outside();
    throw corrupt("partition {} ends at sector {}, but the disk has {} sectors: the image may be cut off",
                  numbered.number, last, disk_sectors);
  }
  if (is_usable) return std::nullopt;
  return outside().what();
}

void check_overlaps(std::vector<NumberedEntry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const NumberedEntry& a, const NumberedEntry& b) { return a.entry.starting_lba < b.entry.starting_lba; });
  for (std::size_t next = 1; next < entries.size(); ++next) {
    if (entries[next - 1].entry.ending_lba < entries[next].entry.starting_lba) continue;
    throw corrupt("partitions {} and {} overlap", entries[next - 1].number, entries[next].number);
  }
}

/// True if sector `lba` begins with a header's signature. Never throws on damaged bytes.
bool has_header(const Blob& disk, std::uint32_t sector_size, std::uint64_t lba) {
  const std::optional<std::vector<std::byte>> sector = read_sector(disk, sector_size, lba);
  if (!sector) return false;
  return from_bytes<Header>(*sector).signature == kHeaderSignature;
}

/// The last sector of the disk, where the backup header is; sector 0, which has none, if the disk is too small.
std::uint64_t backup_lba(const Blob& disk, std::uint32_t sector_size) {
  return std::max<std::uint64_t>(disk.size() / sector_size, 1) - 1;
}

}  // namespace

Table read_table(const Blob& disk, std::uint32_t sector_size, std::uint64_t lba) {
  Table table;
  table.sector_size = sector_size;
  table.header = read_header(disk, sector_size, lba);

  const std::vector<std::byte> array = read_entry_array(disk, sector_size, table.header);
  for (std::uint32_t index = 0; index < table.header.number_of_partition_entries; ++index) {
    const std::size_t offset = std::size_t{index} * table.header.size_of_partition_entry;
    const NumberedEntry numbered{index + 1, from_bytes<PartitionEntry>(std::span(array).subspan(offset))};
    if (to_uuid(numbered.entry.partition_type_guid).is_nil()) continue;
    if (auto problem = check_bounds(numbered, table, disk.size() / sector_size)) {
      table.problems.push_back(std::move(*problem));
    }
    table.entries.push_back(numbered);
  }
  check_overlaps(table.entries);
  return table;
}

namespace {

TableCopy try_read_table(const Blob& disk, std::uint32_t sector_size, std::uint64_t lba) {
  try {
    return {read_table(disk, sector_size, lba), {}};
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::Unsupported) throw;
    return {std::nullopt, error.what()};
  }
}

/// genimage lets the primary header name itself; zero, which no backup can be at, says the same.
bool says_no_backup(const Header& primary) {
  return primary.alternate_lba == kPrimaryLba || primary.alternate_lba == 0;
}

/// Reads the backup whose primary is damaged: at the end of the disk, or where the damaged header says, because the
/// disk has grown since.
TableCopy find_backup(const Blob& disk, std::uint32_t sector_size) {
  TableCopy at_end = try_read_table(disk, sector_size, backup_lba(disk, sector_size));
  if (at_end.table || !has_header(disk, sector_size, kPrimaryLba)) return at_end;
  const auto damaged = from_bytes<Header>(*read_sector(disk, sector_size, kPrimaryLba));
  TableCopy elsewhere = try_read_table(disk, sector_size, damaged.alternate_lba);
  return elsewhere.table ? elsewhere : at_end;
}

}  // namespace

TableCopies read_copies(const Blob& disk) {
  TableCopies copies;
  for (const std::uint32_t sector_size : kSectorSizes) {
    TableCopy primary = try_read_table(disk, sector_size, kPrimaryLba);
    if (primary.table) {
      const Header& header = primary.table->header;
      copies.sector_size = sector_size;
      copies.has_backup = !says_no_backup(header);
      if (copies.has_backup) copies.backup = try_read_table(disk, sector_size, header.alternate_lba);
      copies.primary = std::move(primary);
      copies.damaged_array_lba.reset();
      return copies;
    }
    if (copies.sector_size == 0 && has_header(disk, sector_size, kPrimaryLba)) {
      copies.sector_size = sector_size;
      copies.primary.problem = std::move(primary.problem);
      copies.damaged_array_lba =
          from_bytes<Header>(*read_sector(disk, sector_size, kPrimaryLba)).partition_entry_lba.value();
    }
  }
  if (copies.primary.problem.empty()) copies.primary.problem = "no GPT header";
  for (const std::uint32_t sector_size : kSectorSizes) {
    TableCopy backup = find_backup(disk, sector_size);
    if (backup.table) {
      copies.sector_size = sector_size;
      copies.backup = std::move(backup);
      return copies;
    }
    if (copies.sector_size == 0 && has_header(disk, sector_size, backup_lba(disk, sector_size))) {
      copies.sector_size = sector_size;
    }
    if (copies.sector_size == sector_size) copies.backup.problem = std::move(backup.problem);
  }
  if (copies.sector_size == 0) copies.sector_size = kSectorSizes.front();
  if (copies.backup.problem.empty()) copies.backup.problem = "no GPT header";
  return copies;
}

bool has_any_header(const Blob& disk) {
  return std::any_of(kSectorSizes.begin(), kSectorSizes.end(), [&](std::uint32_t size) {
    return has_header(disk, size, kPrimaryLba) || has_header(disk, size, backup_lba(disk, size));
  });
}

}  // namespace fstool::gpt

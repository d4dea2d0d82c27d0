#include "table_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fstool/error.h"
#include "fstool/partition_layout.h"
#include "fstool/size.h"
#include "fstool/uuid.h"
#include "name.h"
#include "places.h"
#include "protective_mbr.h"
#include "structures.h"
#include "table_reader.h"

namespace fstool::gpt {
namespace {

/// Of the devices that the partitions may end on.
constexpr std::uint64_t kPhysicalSector = 4096;

class TableCheck {
 public:
  TableCheck(const Blob& disk, Context& context) : disk_(disk), context_(context) {}

  void run() {
    const TableCopies copies = read_copies(disk_);
    sector_size_ = copies.sector_size;
    disk_sectors_ = disk_.size() / sector_size_;
    const auto& primary = copies.primary;
    const auto& backup = copies.backup;
    if (!primary.table && !backup.table) {
      damage(fmt::format("the primary GPT is damaged: {}", primary.problem));
      damage(fmt::format("the backup GPT is damaged: {}", backup.problem));
    } else if (!primary.table) {
      damage(fmt::format("the primary GPT is damaged: {}; the backup is good, and `{}` makes a new primary one of it",
                         primary.problem, kRepairCommand));
    } else if (!copies.has_backup) {
      context_.warn("the table was made without a backup: the partitions are lost with the primary GPT");
    } else if (!backup.table) {
      damage(fmt::format("the backup GPT is damaged: {}; the primary is good, and `{}` writes a new backup",
                         backup.problem, kRepairCommand));
    } else {
      compare(*primary.table, *backup.table);
    }
    if (const auto& table = primary.table ? primary.table : backup.table) {
      for (const std::string& problem : table->problems) damage(problem);
      check_places(*table);
      check_entries(*table);
    }
    check_protective_mbr();
  }

 private:
  void damage(const std::string& what) { context_.report_damage(what); }

  void compare(const Table& primary, const Table& backup) {
    const Header& a = primary.header;
    const Header& b = backup.header;
    if (b.alternate_lba != a.my_lba) {
      damage(fmt::format("the backup header says that the primary one is at sector {}", b.alternate_lba.value()));
    }
    const auto expect = [&](bool equal, std::string_view what) {
      if (!equal) damage(fmt::format("primary and backup header differ in {}", what));
    };
    expect(a.revision == b.revision, "their revision");
    expect(a.first_usable_lba == b.first_usable_lba, "the first usable sector");
    expect(a.last_usable_lba == b.last_usable_lba, "the last usable sector");
    expect(a.disk_guid.bytes == b.disk_guid.bytes, "the GUID of the disk");
    expect(a.number_of_partition_entries == b.number_of_partition_entries, "the number of partition entries");
    expect(a.size_of_partition_entry == b.size_of_partition_entry, "the size of a partition entry");
    expect(a.partition_entry_array_crc32 == b.partition_entry_array_crc32, "the partitions");
    if (a.alternate_lba != disk_sectors_ - 1) {
      damage(fmt::format(
          "the backup GPT is at sector {}, and the disk ends with sector {}: it was made larger; `{}` moves "
          "the backup to the end",
          a.alternate_lba.value(), disk_sectors_ - 1, kRepairCommand));
    }
  }

  void check_places(const Table& table) {
    const Header& header = table.header;
    const bool is_primary = header.my_lba == kPrimaryLba;
    const std::uint64_t array_sectors = div_ceil(entry_array_size(header), sector_size_);
    const std::uint64_t array = header.partition_entry_lba;
    if (header.first_usable_lba > header.last_usable_lba) {
      damage(fmt::format("the usable sectors are said to be {} to {}", header.first_usable_lba.value(),
                         header.last_usable_lba.value()));
    }
    if (header.last_usable_lba >= disk_sectors_) {
      damage(fmt::format("sectors are said to be usable up to {}, and the disk has {}", header.last_usable_lba.value(),
                         disk_sectors_));
    }
    const bool overlaps =
        is_primary ? array + array_sectors > header.first_usable_lba : array <= header.last_usable_lba;
    if (overlaps) damage(fmt::format("the partition entry array at sector {} lies in the usable sectors", array));
    if (to_uuid(header.disk_guid).is_nil()) damage("the GUID of the disk is zero");
  }

  void check_entries(const Table& table) {
    std::vector<std::pair<Uuid, std::uint32_t>> guids;
    for (const NumberedEntry& numbered : table.entries) {
      const std::string label = partition_label(numbered.number, decode_name(numbered.entry.partition_name));
      const Uuid guid = to_uuid(numbered.entry.unique_partition_guid);
      if (guid.is_nil()) {
        damage(fmt::format("{}: its GUID is zero", label));
      } else {
        guids.emplace_back(guid, numbered.number);
      }
      if (!is_valid_name(numbered.entry.partition_name))
        context_.warn(fmt::format("{}: its name is not UTF-16", label));
      if (numbered.entry.starting_lba * sector_size_ % kPhysicalSector != 0) {
        context_.warn(fmt::format("{}: it begins at sector {}, which is not a multiple of 4 KiB and may be slow", label,
                                  numbered.entry.starting_lba.value()));
      }
    }
    std::sort(guids.begin(), guids.end());
    for (std::size_t i = 1; i < guids.size(); ++i) {
      if (guids[i - 1].first != guids[i].first) continue;
      damage(fmt::format("partitions {} and {} have the same GUID", guids[i - 1].second, guids[i].second));
    }
  }

  void check_protective_mbr() {
    const ProtectiveMbr mbr = read_mbr(disk_);
    for (const std::string& problem : protective_mbr_problems(mbr, disk_sectors_)) {
      damage(fmt::format("{}; `{}` mends it", problem, kRepairCommand));
    }
    if (!has_protective_mbr(disk_)) return;
    if (is_hybrid(mbr)) return context_.warn("the MBR has partitions beside the protective one: it is a hybrid MBR");
    const auto protective = std::ranges::find(mbr.partition_record, kProtectiveType, &MbrRecord::os_type);
    if (protective->boot_indicator != 0) {
      context_.warn(
          "the protective partition is marked as active, which the specification forbids and some BIOSes need");
    }
  }

  const Blob& disk_;
  Context& context_;
  std::uint32_t sector_size_ = 0;
  std::uint64_t disk_sectors_ = 0;
};

}  // namespace

void check_table(const Blob& disk, Context& context) {
  if (!has_any_header(disk) && !has_protective_mbr(disk)) throw Error(ErrorCode::Corrupt, "no GPT header");
  TableCheck(disk, context).run();
}

}  // namespace fstool::gpt

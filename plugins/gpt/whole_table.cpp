#include "whole_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "computed_fields.h"
#include "fstool/error.h"
#include "fstool/partition_layout.h"

namespace fstool::gpt {
namespace {

class Remaking {
 public:
  Remaking(const Blob& disk, const TableCopies& copies, std::uint64_t disk_sectors)
      : disk_(disk),
        copies_(copies),
        good_(copies.primary.table ? *copies.primary.table : *copies.backup.table),
        sector_(copies.sector_size) {
    whole_.places.disk_sectors = disk_sectors;
    whole_.places.array_sectors = div_ceil(entry_array_size(good_.header), sector_);
    whole_.has_backup = copies.has_backup;
  }

  WholeTable remake() {
    whole_.array.resize(entry_array_size(good_.header));
    disk_.read(good_.header.partition_entry_lba * sector_, whole_.array);
    whole_.places.primary_array = find_primary_array();
    whole_.first_free = first_free_sector();
    check_room();
    make_headers();
    return std::move(whole_);
  }

 private:
  // --- The primary array --------------------------------------------------------------------------------------------

  /// Where a good primary header has it. If that is lost, there may be an array that is whole; if not, it goes where
  /// what is left of the header says, or to the usual place.
  std::uint64_t find_primary_array() const {
    if (copies_.primary.table) return copies_.primary.table->header.partition_entry_lba;
    const std::uint64_t in_front = good_.header.first_usable_lba - whole_.places.array_sectors;  // as sgdisk -j has it
    std::vector<std::uint64_t> places;
    if (copies_.damaged_array_lba) places.push_back(*copies_.damaged_array_lba);
    places.push_back(kFirstArrayLba);
    places.push_back(in_front);
    std::erase_if(places, [&](std::uint64_t lba) { return !is_free_for_array(lba); });
    const auto whole = std::ranges::find_if(places, [&](std::uint64_t lba) { return holds_array(lba); });
    if (whole != places.end()) return *whole;
    if (!places.empty()) return places.front();
    throw Error(ErrorCode::Corrupt, "there is no room for the primary GPT in front of the usable sectors");
  }

  /// True if an array at `lba` covers neither partitions nor sectors that are for them.
  bool is_free_for_array(std::uint64_t lba) const {
    const std::uint64_t sectors = whole_.places.array_sectors;
    const std::uint64_t limit = good_.header.first_usable_lba;
    if (lba < kFirstArrayLba || lba > limit || sectors > limit - lba || limit > whole_.places.disk_sectors)
      return false;
    return std::ranges::none_of(good_.entries, [&](const NumberedEntry& numbered) {
      return numbered.entry.starting_lba < lba + sectors && numbered.entry.ending_lba >= lba;
    });
  }

  bool holds_array(std::uint64_t lba) const {
    std::vector<std::byte> bytes(whole_.array.size());
    if (lba * sector_ > disk_.size() || bytes.size() > disk_.size() - lba * sector_) return false;
    disk_.read(lba * sector_, bytes);
    return bytes == whole_.array;
  }

  // --- The end of the disk ------------------------------------------------------------------------------------------

  std::uint64_t first_free_sector() const {
    std::uint64_t first = whole_.places.first_usable();
    const std::uint64_t usable = good_.header.first_usable_lba;
    if (usable < whole_.places.disk_sectors) first = std::max(first, usable);
    for (const NumberedEntry& numbered : good_.entries) {
      first = std::max<std::uint64_t>(first, numbered.entry.ending_lba + 1);
    }
    return first;
  }

  void check_room() const {
    const std::uint64_t tail = whole_.has_backup ? whole_.places.tail_sectors() : 0;
    if (whole_.places.disk_sectors >= tail && whole_.first_free <= whole_.places.disk_sectors - tail) return;
    throw Error(ErrorCode::NoSpace,
                fmt::format("the backup GPT doesn't fit behind the last partition: the disk needs {} at least",
                            exact_size((whole_.first_free + tail) * sector_)));
  }

  /// The last sector in front of the backup; as it is, if the backup was there before and the field makes sense.
  std::uint64_t last_usable() const {
    const Places& places = whole_.places;
    const std::uint64_t old = good_.header.last_usable_lba;
    if (!whole_.has_backup) {
      const bool has_room = whole_.first_free + places.tail_sectors() <= places.disk_sectors;
      return std::max(has_room ? places.last_usable() : 0, std::min(old, places.disk_sectors - 1));
    }
    const std::uint64_t old_backup = copies_.primary.table ? good_.header.alternate_lba : good_.header.my_lba;
    if (old_backup != places.backup_header()) return places.last_usable();
    return old + 1 < whole_.first_free ? places.last_usable() : std::min(old, places.last_usable());
  }

  /// As it is, unless the array lies behind it and no partition does.
  std::uint64_t first_usable() const {
    const std::uint64_t old = good_.header.first_usable_lba;
    const std::uint64_t array_end = whole_.places.first_usable();
    const bool is_free = std::ranges::all_of(
        good_.entries, [&](const NumberedEntry& numbered) { return numbered.entry.starting_lba >= array_end; });
    return is_free ? std::max(old, array_end) : old;
  }

  void make_headers() {
    Header& primary = whole_.primary;
    primary = good_.header;
    primary.header_size = sizeof(Header);
    primary.header_crc32 = 0;
    primary.my_lba = kPrimaryLba;
    primary.partition_entry_lba = whole_.places.primary_array;
    if (whole_.has_backup) primary.alternate_lba = whole_.places.backup_header();
    primary.first_usable_lba = first_usable();
    primary.last_usable_lba = last_usable();
    whole_.backup = backup_of(primary, whole_.places);
  }

  const Blob& disk_;
  const TableCopies& copies_;
  const Table& good_;
  std::uint64_t sector_;  ///< bytes
  WholeTable whole_;
};

}  // namespace

WholeTable make_whole(const Blob& disk, const TableCopies& copies, std::uint64_t disk_sectors) {
  return Remaking(disk, copies, disk_sectors).remake();
}

}  // namespace fstool::gpt

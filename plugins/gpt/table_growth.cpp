#include "table_growth.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "computed_fields.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "structures.h"

namespace fstool::gpt {
namespace {

constexpr std::uint64_t kPrimaryLba = 1;
constexpr std::uint64_t kFirstArrayLba = 2;

/// Where the structures of the grown table are, in sectors.
struct Places {
  std::uint64_t sectors = 0;        ///< of the grown disk
  std::uint64_t array_sectors = 0;  ///< of one copy
  std::uint64_t primary_array = 0;
  std::uint64_t backup_array = 0;

  std::uint64_t backup_header() const { return sectors - 1; }
};

class Growth {
 public:
  Growth(const BlobPtr& disk, const TableCopies& copies, std::uint64_t size)
      : disk_(disk),
        copies_(copies),
        table_(copies.primary.table ? *copies.primary.table : *copies.backup.table),
        sector_(copies.sector_size),
        size_(size) {
    if (size % sector_ != 0) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} bytes are no whole number of sectors of {} bytes", size, sector_));
    }
    find_places();
  }

  BlobPtr grown_disk() const {
    std::vector<std::pair<std::uint64_t, BlobPtr>> pieces;
    const BlobPtr array = make_slice_blob(disk_, table_.header.partition_entry_lba * sector_, array_bytes());
    pieces.emplace_back(0, make_memory_blob(protective_mbr()));
    pieces.emplace_back(kPrimaryLba * sector_, make_memory_blob(header(kPrimaryLba, places_.primary_array)));
    pieces.emplace_back(places_.primary_array * sector_, array);
    pieces.emplace_back(places_.backup_array * sector_, array);
    pieces.emplace_back(places_.backup_header() * sector_,
                        make_memory_blob(header(places_.backup_header(), places_.backup_array)));
    if (copies_.backup.table) add_zeros_over(copies_.backup.table->header, pieces);
    return compose(std::move(pieces));
  }

 private:
  std::uint64_t array_bytes() const {
    return std::uint64_t{table_.header.number_of_partition_entries} * table_.header.size_of_partition_entry;
  }

  void find_places() {
    places_.sectors = size_ / sector_;
    places_.array_sectors = div_ceil(array_bytes(), sector_);
    // The array is where a good primary header has it, which need not be the usual place.
    places_.primary_array =
        copies_.primary.table ? copies_.primary.table->header.partition_entry_lba.value() : kFirstArrayLba;
    const std::uint64_t first_free = first_free_sector();
    if (places_.sectors < first_free + places_.array_sectors + 1) {
      throw Error(ErrorCode::NoSpace,
                  fmt::format("the backup GPT doesn't fit behind the last partition: the disk needs {} at least",
                              format_size((first_free + places_.array_sectors + 1) * sector_)));
    }
    places_.backup_array = places_.backup_header() - places_.array_sectors;
  }

  /// Behind all partitions and the primary table.
  std::uint64_t first_free_sector() const {
    std::uint64_t first =
        std::max<std::uint64_t>(table_.header.first_usable_lba, places_.primary_array + places_.array_sectors);
    for (const NumberedEntry& numbered : table_.entries) {
      first = std::max<std::uint64_t>(first, numbered.entry.ending_lba + 1);
    }
    return first;
  }

  /// One sector.
  std::vector<std::byte> header(std::uint64_t lba, std::uint64_t array_lba) const {
    Header header = table_.header;
    header.header_size = sizeof(Header);
    header.my_lba = lba;
    header.alternate_lba = lba == kPrimaryLba ? places_.backup_header() : kPrimaryLba;
    header.last_usable_lba = places_.backup_array - 1;
    header.partition_entry_lba = array_lba;
    std::vector<std::byte> sector(sector_);
    const Header checked = checksummed(header);
    std::memcpy(sector.data(), &checked, sizeof(checked));
    return sector;
  }

  /// The first sector as it is, but that the record that covered the disk covers the larger one.
  std::vector<std::byte> protective_mbr() const {
    std::vector<std::byte> sector(sector_);
    disk_->read(0, sector);
    ProtectiveMbr mbr{};
    std::memcpy(&mbr, sector.data(), sizeof(mbr));
    for (MbrRecord& record : mbr.partition_record) {
      if (record.os_type == kProtectiveType && covers_disk(record)) cover(record);
    }
    std::memcpy(sector.data(), &mbr, sizeof(mbr));
    return sector;
  }

  /// Not so the records of a hybrid MBR, beside which others stand.
  bool covers_disk(const MbrRecord& record) const {
    const std::uint64_t end = std::uint64_t{record.starting_lba} + record.size_in_lba;
    return end >= std::min<std::uint64_t>(table_.header.last_usable_lba, std::numeric_limits<std::uint32_t>::max());
  }

  void cover(MbrRecord& record) const {
    const std::uint64_t sectors = places_.sectors - record.starting_lba;
    record.size_in_lba =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(sectors, std::numeric_limits<std::uint32_t>::max()));
    record.ending_chs = protective_end(places_.sectors);
  }

  /// Where the backup was there is nothing any more, unless a header says that it is in a partition.
  void add_zeros_over(const Header& old, std::vector<std::pair<std::uint64_t, BlobPtr>>& pieces) const {
    const std::uint64_t first_free = first_free_sector();
    if (old.partition_entry_lba >= first_free) {
      pieces.emplace_back(old.partition_entry_lba * sector_, make_hole_blob(array_bytes()));
    }
    if (old.my_lba >= first_free) pieces.emplace_back(old.my_lba * sector_, make_hole_blob(sector_));
  }

  /// The pieces upon the disk; of two at one place the first counts.
  BlobPtr compose(std::vector<std::pair<std::uint64_t, BlobPtr>> pieces) const {
    BlobPtr grown = make_padded_blob(disk_, size_);
    for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) {
      grown = replace(grown, piece->first, piece->second);
    }
    return grown;
  }

  static BlobPtr replace(const BlobPtr& whole, std::uint64_t offset, const BlobPtr& piece) {
    const std::uint64_t end = offset + piece->size();
    BlobBuilder builder;
    builder.add(0, whole, 0, offset);
    builder.add(offset, piece);
    builder.add(end, whole, end, whole->size() - end);
    return builder.finish(whole->size());
  }

  const BlobPtr& disk_;
  const TableCopies& copies_;
  const Table& table_;
  std::uint64_t sector_;  ///< bytes
  std::uint64_t size_;
  Places places_;
};

}  // namespace

BlobPtr grow_table(const BlobPtr& disk, const TableCopies& copies, std::uint64_t size) {
  return Growth(disk, copies, size).grown_disk();
}

}  // namespace fstool::gpt

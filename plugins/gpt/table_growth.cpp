#include "table_growth.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "computed_fields.h"
#include "fstool/error.h"
#include "protective_mbr.h"
#include "whole_table.h"

namespace fstool::gpt {
namespace {

class Growth {
 public:
  Growth(const BlobPtr& disk, const TableCopies& copies, std::uint64_t size)
      : disk_(disk), copies_(copies), sector_size_(copies.sector_size), size_(size) {
    if (size % sector_size_ != 0) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} bytes are no whole number of sectors of {} bytes", size, sector_size_));
    }
    table_ = make_whole(*disk, copies, size / sector_size_);
  }

  BlobPtr grown_disk() const {
    std::vector<std::pair<std::uint64_t, BlobPtr>> pieces;
    const BlobPtr array = make_memory_blob(table_.array);
    const auto add = [&](std::uint64_t lba, BlobPtr piece) {
      pieces.emplace_back(lba * sector_size_, std::move(piece));
    };
    add(kMbrLba, make_memory_blob(first_sector()));
    add(kPrimaryLba, make_memory_blob(header_sector(table_.primary, sector_size_)));
    add(table_.places.primary_array, array);
    if (table_.has_backup) {
      add(table_.places.backup_array(), array);
      add(table_.places.backup_header(), make_memory_blob(header_sector(table_.backup, sector_size_)));
    }
    if (copies_.backup.table) add_zeros_over(copies_.backup.table->header, pieces);
    return compose(std::move(pieces));
  }

 private:
  /// As it is, but that the record that covered the disk covers the larger one.
  std::vector<std::byte> first_sector() const {
    std::vector<std::byte> sector(sector_size_);
    disk_->read(0, sector);
    ProtectiveMbr mbr = read_mbr(*disk_);
    const Table& old = copies_.primary.table ? *copies_.primary.table : *copies_.backup.table;
    cover_grown_disk(mbr, old.header.last_usable_lba, table_.places.disk_sectors);
    std::memcpy(sector.data(), &mbr, sizeof(mbr));
    return sector;
  }

  /// Where the backup was there is nothing any more, unless a header says that it is in a partition.
  void add_zeros_over(const Header& old, std::vector<std::pair<std::uint64_t, BlobPtr>>& pieces) const {
    const std::uint64_t first_free = table_.first_free;
    if (old.partition_entry_lba >= first_free) {
      pieces.emplace_back(old.partition_entry_lba * sector_size_, make_hole_blob(entry_array_size(old)));
    }
    if (old.my_lba >= first_free) pieces.emplace_back(old.my_lba * sector_size_, make_hole_blob(sector_size_));
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
  std::uint32_t sector_size_;  ///< bytes
  std::uint64_t size_;
  WholeTable table_;
};

}  // namespace

BlobPtr grow_table(const BlobPtr& disk, const TableCopies& copies, std::uint64_t size) {
  return Growth(disk, copies, size).grown_disk();
}

}  // namespace fstool::gpt

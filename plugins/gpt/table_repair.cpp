#include "table_repair.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "computed_fields.h"
#include "fstool/error.h"
#include "protective_mbr.h"
#include "whole_table.h"

namespace fstool::gpt {
namespace {

/// True if the two say the same, whatever is behind the fields that both know.
bool say_the_same(Header a, Header b) {
  for (Header* header : {&a, &b}) {
    header->header_size = sizeof(Header);
    header->header_crc32 = 0;
    header->reserved = 0;
  }
  return std::memcmp(&a, &b, sizeof(a)) == 0;
}

class Repair {
 public:
  Repair(const Blob& disk, const TableCopies& copies)
      : disk_(disk), copies_(copies), sector_size_(copies.sector_size) {}

  std::vector<DiskPatch> patches() {
    const std::uint64_t disk_sectors = disk_.size() / sector_size_;
    std::optional<DiskPatch> mbr = mend_mbr(disk_sectors);
    if (copies_.has_backup) {
      const WholeTable whole = make_whole(disk_, copies_, disk_sectors);
      // Of two that change, the damaged one first: the other may be where it goes.
      if (!copies_.primary.table) mend(copies_.primary, whole.primary, whole.array, "");
      mend(copies_.backup, whole.backup, whole.array, "backup ");
      if (copies_.primary.table) mend(copies_.primary, whole.primary, whole.array, "");
    }
    if (mbr) patches_.push_back(std::move(*mbr));
    return std::move(patches_);
  }

 private:
  /// The array first: a header in front of no array would be damage of another kind.
  void mend(const TableCopy& copy, const Header& header, const std::vector<std::byte>& array,
            const std::string& prefix) {
    write(header.partition_entry_lba * sector_size_, array, prefix + "GPT partition entries");
    if (copy.table && say_the_same(copy.table->header, header)) return;
    write(header.my_lba * sector_size_, header_sector(header, sector_size_), prefix + "GPT header");
  }

  /// Unless they are there.
  void write(std::uint64_t offset, std::vector<std::byte> bytes, std::string what) {
    std::vector<std::byte> there(bytes.size());
    disk_.read(offset, there);
    if (there != bytes) patches_.push_back({offset, std::move(bytes), std::move(what)});
  }

  std::optional<DiskPatch> mend_mbr(std::uint64_t disk_sectors) const {
    const ProtectiveMbr mbr = read_mbr(disk_);
    const std::optional<ProtectiveMbr> mended = mended_mbr(mbr, disk_sectors);
    if (!mended) {
      throw Error(ErrorCode::Corrupt,
                  "the MBR has partitions of its own and no protective one: the GPT behind it may be left over from "
                  "before, so nothing is changed");
    }
    const auto bytes = behind_boot_code(*mended);
    if (std::ranges::equal(bytes, behind_boot_code(mbr))) return std::nullopt;
    return DiskPatch{kBootCodeSize, {bytes.begin(), bytes.end()}, "protective MBR"};
  }

  static std::span<const std::byte> behind_boot_code(const ProtectiveMbr& mbr) {
    return std::as_bytes(std::span(&mbr, 1)).subspan(kBootCodeSize);
  }

  const Blob& disk_;
  const TableCopies& copies_;
  std::uint32_t sector_size_;
  std::vector<DiskPatch> patches_;
};

}  // namespace

std::vector<DiskPatch> repair_table(const Blob& disk, const TableCopies& copies) {
  if (!copies.primary.table && !copies.backup.table) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("neither copy of the GPT is good enough to mend the other: primary: {}; backup: {}",
                            copies.primary.problem, copies.backup.problem));
  }
  return Repair(disk, copies).patches();
}

}  // namespace fstool::gpt

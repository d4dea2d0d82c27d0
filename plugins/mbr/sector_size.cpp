#include "sector_size.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "fstool/filesystem.h"
#include "fstool/registry.h"
#include "table_check.h"

namespace fstool::mbr {
namespace {

constexpr std::uint32_t kUsual = kSectorSizes[0];
constexpr std::uint32_t kLarge = kSectorSizes[1];

bool has_file_system(const BlobPtr& disk, const PartitionRecord& record, std::uint32_t sector_size,
                     const Registry& registry) {
  const std::uint64_t offset = std::uint64_t{record.starting_lba} * sector_size;
  if (offset >= disk->size()) return false;
  const std::uint64_t size = std::min(std::uint64_t{record.size_in_lba} * sector_size, disk->size() - offset);
  const BlobPtr partition = make_slice_blob(disk, offset, size);
  const auto& formats = registry.all<Filesystem>();
  return std::any_of(formats.begin(), formats.end(),
                     [&](const auto& format) { return format.second.create({})->probe(*partition); });
}

bool has_boot_record(const Blob& disk, const PartitionRecord& extended, std::uint32_t sector_size) {
  const std::optional<MasterBootRecord> record = read_boot_record(disk, extended.starting_lba, sector_size);
  return record && std::all_of(record->partitions.begin(), record->partitions.end(),
                               [](const PartitionRecord& inner) { return inner.has_boot_indicator(); });
}

/// True if a partition that lies where sectors of that size put it has what partitions of its kind begin with.
bool has_evidence(const BlobPtr& disk, const MasterBootRecord& mbr, std::uint32_t sector_size,
                  const Registry& registry) {
  return std::any_of(mbr.partitions.begin(), mbr.partitions.end(), [&](const PartitionRecord& record) {
    if (!record.used()) return false;
    if (is_extended(record.os_type)) return has_boot_record(*disk, record, sector_size);
    return has_file_system(disk, record, sector_size, registry);
  });
}

}  // namespace

std::uint32_t find_sector_size(const Blob& disk, const MasterBootRecord& mbr, const Context& context) {
  if (!find_problems(mbr, disk.size(), kLarge).empty()) return kUsual;
  const BlobPtr whole(BlobPtr(), &disk);  // owns nothing, and doesn't outlive the call
  const Registry& registry = context.registry();
  const bool large = !has_evidence(whole, mbr, kUsual, registry) && has_evidence(whole, mbr, kLarge, registry);
  return large ? kLarge : kUsual;
}

}  // namespace fstool::mbr

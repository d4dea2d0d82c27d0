#include "read/fat_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "fstool/error.h"
#include "ondisk/boot_sector.h"

namespace fstool::fat {

FatTable::FatTable(BlobPtr image, const Geometry& geometry, std::uint32_t copy)
    : image_(std::move(image)), geometry_(geometry), offset_(geometry.fat_offset(copy)) {}

const FatTable::Page& FatTable::load(std::uint64_t number) const {
  Page& page = pages_[number % kPages];
  if (page.number == number) return page;
  const std::uint64_t begin = number * kPageBytes;
  const std::uint64_t offset = offset_ + begin;
  if (offset >= image_->size()) throw Error(ErrorCode::Corrupt, "the end of the FAT is missing in the image");
  page.number = ~std::uint64_t{0};  // unless all goes well
  page.bytes.resize(std::min({kPageBytes, geometry_.fat_bytes() - begin, image_->size() - offset}));
  image_->read(offset, page.bytes);
  page.number = number;
  return page;
}

std::uint32_t FatTable::decode(std::span<const std::byte> bytes, std::uint32_t index) const {
  const std::uint64_t bit = std::uint64_t{index} * geometry_.bits();
  const std::size_t at = bit / 8 % kPageBytes;
  const std::size_t width = geometry_.variant == Variant::Fat32 ? sizeof(little_uint32_t) : sizeof(little_uint16_t);
  if (at + width > bytes.size()) throw Error(ErrorCode::Corrupt, "the end of the FAT is missing in the image");
  if (geometry_.variant == Variant::Fat32) {
    little_uint32_t entry;
    std::memcpy(&entry, &bytes[at], sizeof(entry));
    return entry & geometry_.max_entry();
  }
  little_uint16_t entry;
  std::memcpy(&entry, &bytes[at], sizeof(entry));
  return entry >> bit % 8 & geometry_.max_entry();
}

std::uint32_t FatTable::entry(std::uint32_t index) const {
  const std::lock_guard lock(mutex_);
  return decode(load(std::uint64_t{index} * geometry_.bits() / 8 / kPageBytes).bytes, index);
}

Link FatTable::classify(std::uint32_t entry) const {
  if (entry == 0) return {LinkKind::Free, entry};
  if (entry >= geometry_.first_end_mark()) return {LinkKind::End, entry};
  if (entry == geometry_.bad_mark()) return {LinkKind::Bad, entry};
  return {geometry_.has_cluster(entry) ? LinkKind::Next : LinkKind::OutOfRange, entry};
}

void FatTable::scan(const Visit& visit) const {
  std::uint32_t cluster = kFirstCluster;
  while (cluster < geometry_.end_cluster()) {
    const std::uint64_t at = std::uint64_t{cluster} * geometry_.bits() / 8;
    const std::uint64_t begin = offset_ + at;
    const Run run = begin < image_->size() ? image_->run_at(begin) : Run{};
    // Of a hole, the entries that lie in it as a whole.
    const std::uint64_t hole = run.hole ? (run.length - 1) * 8 / geometry_.bits() : 0;
    if (hole > 0) {
      const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(hole, geometry_.end_cluster() - cluster));
      visit(cluster, count, 0);
      cluster += count;
      continue;
    }
    const std::uint64_t page_end = (at / kPageBytes + 1) * kPageBytes * 8 / geometry_.bits();
    const auto end = static_cast<std::uint32_t>(std::min<std::uint64_t>(page_end, geometry_.end_cluster()));
    for (; cluster < end; ++cluster) visit(cluster, 1, entry(cluster));
  }
}

std::uint32_t FatTable::count_free() const {
  std::uint32_t free = 0;
  scan([&](std::uint32_t, std::uint32_t count, std::uint32_t entry) { free += entry == 0 ? count : 0; });
  return free;
}

std::string describe_break(std::uint32_t cluster, const Link& link) {
  switch (link.kind) {
    case LinkKind::Free:
      return fmt::format("cluster {} belongs to it, but is marked free", cluster);
    case LinkKind::Bad:
      return fmt::format("cluster {} belongs to it, but is marked bad", cluster);
    case LinkKind::OutOfRange:
      return fmt::format("cluster {} is followed by {}, which is no cluster", cluster, link.value);
    case LinkKind::Next:
    case LinkKind::End:
      break;
  }
  return fmt::format("its chain of clusters ends with cluster {}", cluster);
}

}  // namespace fstool::fat

#include "read/directory_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fstool::fat {

namespace {

constexpr std::size_t kChunkSlots = 512;
/// Clusters between two looks whether the user asked to stop.
constexpr std::uint64_t kClustersPerCheck = 1024;

}  // namespace

void read_slots(const Blob& image, std::uint64_t offset, std::uint64_t length, const VisitSlot& visit,
                const Report& report) {
  std::array<DirectoryEntry, kChunkSlots> slots;
  const std::uint64_t end = offset + length;
  while (offset < end) {
    if (offset >= image.size()) return report("its end is missing in the image");
    const Run run = image.run_at(offset);
    const std::uint64_t there = std::min(end, image.size()) - offset;
    if (run.hole && run.length >= there) return;  // slots that were never used
    const auto whole = static_cast<std::size_t>(std::min<std::uint64_t>(there / kSlotSize, kChunkSlots));
    if (whole == 0) return report("its end is missing in the image");
    const auto chunk = std::span(slots).first(whole);
    image.read(offset, std::as_writable_bytes(chunk));
    for (const DirectoryEntry& slot : chunk) visit(slot);
    offset += whole * kSlotSize;
  }
}

std::uint64_t DirectoryReader::read_root(const VisitSlot& visit, const Report& report) {
  const Geometry& geometry = volume_.geometry;
  if (geometry.variant == Variant::Fat32) return read(geometry.root_cluster, visit, report);
  read_slots(*volume_.image, geometry.root_offset(), geometry.root_bytes(), visit, report);
  return geometry.root_bytes();
}

std::uint64_t DirectoryReader::read(std::uint32_t first_cluster, const VisitSlot& visit, const Report& report) {
  const Geometry& geometry = volume_.geometry;
  if (!geometry.has_cluster(first_cluster)) {
    report(first_cluster == 0 ? "it has no clusters"
                              : fmt::format("it begins at {}, which is no cluster", first_cluster));
    return 0;
  }
  std::uint64_t clusters = 0;
  for (std::uint32_t cluster = first_cluster;;) {
    if (!claimed_.insert(cluster).second) {
      report(fmt::format("cluster {} belongs to it and to a directory that was read before", cluster));
      break;
    }
    read_slots(*volume_.image, geometry.cluster_offset(cluster), geometry.cluster_size(), visit, report);
    if (++clusters % kClustersPerCheck == 0) volume_.context.check_cancelled();
    const Link link = volume_.fat.link(cluster);
    if (link.kind == LinkKind::End) break;
    if (link.kind != LinkKind::Next) {
      report(describe_break(cluster, link));
      break;
    }
    cluster = link.value;
  }
  return clusters * geometry.cluster_size();
}

}  // namespace fstool::fat

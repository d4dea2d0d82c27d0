#include "map_words.h"

#include <fmt/format.h>

#include "fstool/partition_layout.h"
#include "fstool/size.h"
#include "map_paint.h"

namespace fstool {

std::string map_title(const DiskMap& map) {
  std::string text = map.name + ": ";
  if (!map.stream.empty()) text += map.stream + " stream, ";
  if (!map.container.empty()) text += map.container + ", ";
  if (!map.table.empty()) text += map.table + " ";
  text += fmt::format("disk, {}", format_size(map.disk_size));
  if (map.shown.length < map.disk_size) text += fmt::format("; of it {}", place_text(map.shown));
  return text;
}

std::string region_title(const MapRegion& region) {
  switch (region.kind) {
    case RegionKind::Structure:
      return region.structure;
    case RegionKind::Gap:
      return "not in a partition";
    case RegionKind::Part:
      break;
  }
  if (region.partition) return partition_label(region.partition->number, region.partition->name);
  return region.filesystem.empty() ? "whole disk" : "file system";
}

std::string region_summary(const MapRegion& region) {
  if (!region.volume) {
    return region.problem.empty() ? "no file system that a plugin knows"
                                  : fmt::format("{} that can't be read: {}", region.filesystem, region.problem);
  }
  const VolumeMap& volume = *region.volume;
  std::uint64_t all = 0;
  for (const std::uint64_t bytes : volume.totals) all += bytes;
  std::string text = volume.facts.type;
  if (!volume.facts.label.empty()) text += fmt::format(" \"{}\"", volume.facts.label);
  text += fmt::format(", {} of {} in use, {} free", format_size(all - volume.total(Use::Free)), format_size(all),
                      format_size(volume.total(Use::Free)));
  if (!volume.located) text += "; the format doesn't say where";
  return text;
}

std::string files_summary(const VolumeMap& volume) {
  if (!volume.located) return {};
  return fmt::format("{} file{} in blocks of their own, {} in more than one piece ({}); largest run of free space: {}",
                     volume.files, volume.files == 1 ? "" : "s", volume.fragmented_files,
                     share_text(volume.fragmented_files, volume.files), format_size(volume.largest_free.length));
}

std::string place_text(const ByteRange& range) {
  return fmt::format("{} from {} on", format_size(range.length), format_size(range.offset));
}

std::string pieces_text(std::uint64_t fragments) {
  return fmt::format("{} piece{}", fragments, fragments == 1 ? "" : "s");
}

}  // namespace fstool

#include "disk_map.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "fstool/error.h"

namespace fstool {

namespace {

/// The first name of each of some nodes, as paths.
std::unordered_map<NodeId, std::string> paths_of(const Tree& tree, const std::vector<FileRanges>& files) {
  std::unordered_map<NodeId, std::string> paths;
  for (const FileRanges& file : files) paths.emplace(file.usage.node, std::string());
  std::size_t missing = paths.size();
  for (NodeId id = 0; id < tree.node_count() && missing > 0; ++id) {
    if (tree.links(id) == 0 || tree.node(id).kind != NodeKind::Directory) continue;
    for (const DirEntry& entry : tree.entries(id)) {
      const auto wanted = paths.find(entry.node);
      if (wanted == paths.end() || !wanted->second.empty()) continue;
      std::string path = tree.path(id);
      if (!path.ends_with('/')) path += '/';
      wanted->second = path.append(entry.name);
      --missing;
    }
  }
  return paths;
}

std::vector<MappedFile> mapped_files(VolumeUsage& usage, std::uint64_t part_offset) {
  const Tree& tree = usage.volume.tree;
  auto paths = paths_of(tree, usage.largest);
  std::vector<MappedFile> files;
  for (FileRanges& file : usage.largest) {
    const Node& node = tree.node(file.usage.node);
    for (ByteRange& range : file.ranges) range.offset += part_offset;
    files.push_back({.path = std::move(paths[file.usage.node]),
                     .size = node.content ? node.content->size() : 0,
                     .allocated = file.usage.allocated,
                     .fragments = file.usage.fragments,
                     .ranges = std::move(file.ranges)});
  }
  return files;
}

/// Sets what follows from the ranges.
void sum_up(VolumeMap& volume) {
  for (const UsedRange& used : volume.ranges) {
    volume.totals[static_cast<std::size_t>(used.use)] += used.range.length;
    if (used.use == Use::Free && used.range.length > volume.largest_free.length) volume.largest_free = used.range;
  }
}

VolumeMap located_volume(VolumeUsage usage, std::uint64_t part_offset) {
  VolumeMap volume;
  volume.ranges = std::move(usage.ranges);
  for (UsedRange& used : volume.ranges) used.range.offset += part_offset;
  volume.files = usage.files.size();
  volume.fragmented_files = static_cast<std::uint64_t>(
      std::ranges::count_if(usage.files, [](const FileUsage& file) { return file.fragments > 1; }));
  volume.largest_files = mapped_files(usage, part_offset);
  volume.facts = std::move(usage.volume.facts);
  sum_up(volume);
  return volume;
}

/// What the facts say of a file system that doesn't say more. It has no larger run of free space than all of it.
VolumeMap opaque_volume(VolumeFacts facts, const ByteRange& part) {
  VolumeMap volume;
  volume.located = false;
  const std::uint64_t size = std::min(facts.size, part.length);
  const std::uint64_t free_blocks = std::min(facts.free_blocks, facts.blocks);
  const std::uint64_t block_size = std::max<std::uint64_t>(facts.block_size, 1);
  const std::uint64_t free = std::min(free_blocks, size / block_size) * block_size;
  if (size > free) volume.ranges.push_back({{part.offset, size - free}, Use::Unaccounted});
  if (free > 0) volume.ranges.push_back({{part.offset + size - free, free}, Use::Free});
  volume.facts = std::move(facts);
  sum_up(volume);
  volume.largest_free = {};
  return volume;
}

VolumeMap read_volume(const DiskPart& part, const ByteRange& place, std::size_t largest_files, Context& context) {
  std::optional<VolumeUsage> usage = volume_usage(part, largest_files, context);
  if (usage) return located_volume(std::move(*usage), place.offset);
  return opaque_volume(inspect_volume(part, context), place);
}

MapRegion part_region(const DiskPart& part, std::size_t largest_files, Context& context) {
  MapRegion region;
  region.kind = RegionKind::Part;
  region.range = {part.partition ? part.partition->offset : 0, part.bytes->size()};
  region.partition = part.partition;
  region.filesystem = part.filesystem;
  if (part.filesystem.empty()) return region;
  try {
    region.volume = read_volume(part, region.range, largest_files, context);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::Unsupported) throw;
    region.problem = error.what();
  }
  if (!region.problem.empty()) context.report_damage(region.problem);
  return region;
}

/// Puts regions side by side: gaps between them become regions, and of two that overlap the first keeps its place.
std::vector<MapRegion> fill_gaps(std::vector<MapRegion> regions, const ByteRange& whole) {
  std::stable_sort(regions.begin(), regions.end(),
                   [](const MapRegion& a, const MapRegion& b) { return a.range.offset < b.range.offset; });
  std::vector<MapRegion> result;
  std::uint64_t end = whole.offset;
  const auto add_gap = [&](std::uint64_t until) {
    if (until > end) result.push_back({.kind = RegionKind::Gap, .range = {end, until - end}});
  };
  for (MapRegion& region : regions) {
    const std::uint64_t begin = std::max(region.range.offset, end);
    const std::uint64_t region_end = std::min(region.range.end(), whole.end());
    if (begin >= region_end) continue;
    add_gap(begin);
    region.range = {begin, region_end - begin};
    end = region_end;
    result.push_back(std::move(region));
  }
  add_gap(whole.end());
  return result;
}

}  // namespace

DiskMap map_disk(const DiskImage& image, const DiskPart* part, std::size_t largest_files, Context& context) {
  DiskMap map;
  map.name = image.file.filename().string();
  if (image.stream) map.stream = image.stream->codec;
  map.container = image.container;
  map.disk_size = image.disk->size();
  map.shown = {0, map.disk_size};
  std::vector<MapRegion> regions;
  if (part != nullptr) {
    regions.push_back(part_region(*part, largest_files, context));
    map.shown = regions.front().range;
  } else {
    for (const DiskPart& each : image.parts) {
      if (!holds_partitions(each)) regions.push_back(part_region(each, largest_files, context));
    }
  }
  if (image.layout) {
    map.table = image.layout->table;
    if (part == nullptr) {
      for (const TableStructure& structure : image.layout->structures) {
        regions.push_back(
            {.kind = RegionKind::Structure, .range = {structure.offset, structure.size}, .structure = structure.name});
      }
    }
  }
  map.regions = fill_gaps(std::move(regions), map.shown);
  return map;
}

}  // namespace fstool

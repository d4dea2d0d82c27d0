#include "map_json.h"

#include <utility>

#include "json_text.h"

namespace fstool {

namespace {

Json range_json(const ByteRange& range) { return {{"offset", range.offset}, {"size", range.length}}; }

Json file_json(const MappedFile& file) {
  Json ranges = Json::array();
  for (const ByteRange& range : file.ranges) ranges.push_back(range_json(range));
  Json json;
  add_text(json, "path", file.path);
  json["size"] = file.size;
  json["allocated"] = file.allocated;
  json["fragments"] = file.fragments;
  json["ranges"] = std::move(ranges);
  return json;
}

/// What is known about files, where the format says where things are.
Json files_json(const VolumeMap& volume) {
  if (!volume.located) return nullptr;
  Json largest = Json::array();
  for (const MappedFile& file : volume.largest_files) largest.push_back(file_json(file));
  return {{"count", volume.files}, {"fragmented", volume.fragmented_files}, {"largest", std::move(largest)}};
}

Json volume_json(const std::optional<VolumeMap>& volume) {
  if (!volume) return nullptr;
  Json totals;
  for (const Use use : kUses) totals[std::string(use_name(use))] = volume->total(use);
  Json ranges = Json::array();
  for (const UsedRange& used : volume->ranges) {
    Json range = range_json(used.range);
    range["use"] = use_name(used.use);
    ranges.push_back(std::move(range));
  }
  return {{"type", volume->facts.type},
          {"label", volume->facts.label},
          {"uuid", text_or_null(volume->facts.uuid)},
          {"size", volume->facts.size},
          {"block_size", volume->facts.block_size},
          {"located", volume->located},
          {"totals", std::move(totals)},
          {"largest_free", volume->largest_free.length == 0 ? Json(nullptr) : range_json(volume->largest_free)},
          {"files", files_json(*volume)},
          {"ranges", std::move(ranges)}};
}

const char* kind_name(RegionKind kind) {
  switch (kind) {
    case RegionKind::Structure:
      return "structure";
    case RegionKind::Gap:
      return "gap";
    case RegionKind::Part:
      break;
  }
  return "part";
}

Json partition_json(const std::optional<Partition>& partition) {
  if (!partition) return nullptr;
  return {{"number", partition->number},
          {"name", partition->name},
          {"type", partition->type},
          {"type_name", text_or_null(partition->type_name)},
          {"uuid", text_or_null(partition->uuid)}};
}

Json region_json(const MapRegion& region) {
  Json json = range_json(region.range);
  json["kind"] = kind_name(region.kind);
  json["structure"] = text_or_null(region.structure);
  json["partition"] = partition_json(region.partition);
  json["problem"] = text_or_null(region.problem);
  json["filesystem"] = volume_json(region.volume);
  return json;
}

}  // namespace

std::string map_json(const DiskMap& map) {
  Json regions = Json::array();
  for (const MapRegion& region : map.regions) regions.push_back(region_json(region));
  return json_text({{"file", map.name},
                    {"stream", text_or_null(map.stream)},
                    {"container", text_or_null(map.container)},
                    {"partition_table", text_or_null(map.table)},
                    {"disk_size", map.disk_size},
                    {"shown", range_json(map.shown)},
                    {"regions", std::move(regions)}});
}

}  // namespace fstool

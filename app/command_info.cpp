#include <fmt/format.h>

#include "commands.h"
#include "format_json.h"
#include "image_inspection.h"
#include "json_text.h"
#include "reading.h"
#include "standard_output.h"
#include "time_text.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "info",
    .synopsis = "[options] IMAGE[@SNAPSHOT][:PARTITION]",
    .description =
        "Shows what an image is made of: the compressed stream, the container, the partition table,\n"
        "the partitions, and the file systems in them with what is used and free. What can't be opened is told\n"
        "where it stands.",
    .examples =
        "  fstool info disk.qcow2\n"
        "  fstool info disk.img:root --json",
};

Json volume_json(const InspectedPart& part) {
  if (part.filesystem.empty()) return nullptr;
  if (!part.facts) return {{"type", part.filesystem}, {"problem", part.problem}};
  Json json = facts_json(*part.facts);
  json["state"] = text_or_null(part.facts->state);
  json["problem"] = nullptr;
  return json;
}

Json partition_json(const InspectedPart& part) {
  Json json = partition_json(*part.partition);
  json["filesystem"] = volume_json(part);
  return json;
}

Json table_json(const InspectedImage& image) {
  if (!image.layout) return nullptr;
  Json partitions = Json::array();
  for (const InspectedPart& part : image.parts) partitions.push_back(partition_json(part));
  Json gaps = Json::array();
  for (const DiskRange& gap : image.gaps) gaps.push_back({{"offset", gap.offset}, {"size", gap.size}});
  return {{"type", image.layout->table},
          {"disk_id", image.layout->disk_id},
          {"sector_size", image.layout->sector_size},
          {"partitions", std::move(partitions)},
          {"gaps", std::move(gaps)}};
}

Json container_json(const std::optional<ContainerFacts>& facts) {
  if (!facts) return nullptr;
  Json snapshots = Json::array();
  for (const ContainerSnapshot& snapshot : facts->snapshots) {
    snapshots.push_back({{"id", snapshot.id},
                         {"name", snapshot.name},
                         {"taken", format_time(snapshot.taken, kRfc3339)},
                         {"disk_size", snapshot.disk_size}});
  }
  return {{"unit_size", facts->unit_size},
          {"features", facts->features},
          {"backing_file", text_or_null(facts->backing_file)},
          {"data_file", text_or_null(facts->data_file)},
          {"snapshots", std::move(snapshots)}};
}

Json stream_json(const std::optional<StreamFacts>& stream) {
  if (!stream) return nullptr;
  return {{"codec", stream->codec},
          {"frames", stream->frames},
          {"compressed_size", stream->stored},
          {"size", stream->size},
          {"random_access", stream->random_access}};
}

Json image_json(const InspectedImage& image) {
  const bool is_bare = !image.layout && !image.parts.empty();
  return {{"image", image.name},
          {"stream", stream_json(image.stream)},
          {"container", text_or_null(image.container)},
          {"container_facts", container_json(image.container_facts)},
          {"file_size", image.file_size},
          {"allocated_size", image.allocated_size ? Json(*image.allocated_size) : Json(nullptr)},
          {"virtual_size", image.disk_size},
          {"partition_table", table_json(image)},
          {"filesystem", is_bare ? volume_json(image.parts.front()) : Json(nullptr)},
          {"problem", text_or_null(image.problem)}};
}

}  // namespace

int info_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("target", po::value<std::string>(), "")("json", "Report in JSON");
  add_reading_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"target"}, arguments);
  if (!parsed) return kExitSuccess;

  const std::string name = parsed->required("target", "the image");
  Reading reading(*parsed);
  const std::optional<ImageReference> reference = find_image_reference(name);
  if (!reference) throw Error(ErrorCode::NotFound, fmt::format("{} does not exist", name));
  const InspectedImage image = inspect_image(*reference, reading.overrides(), reading.context());
  StandardOutput output;
  output.write(parsed->has("json") ? json_text(image_json(image))
                                   : describe_image(image, [&](std::string_view text) { return output.shown(text); }));
  output.flush();
  return kExitSuccess;
}

}  // namespace fstool

#include "report_json.h"

#include <fmt/format.h>

#include "format_json.h"
#include "fstool/error.h"
#include "json_text.h"

namespace fstool {

namespace {

/// What a source says about itself comes from a plugin.
Json description_json(const SourceReport& source) {
  if (source.description.empty()) return nullptr;
  Json description = Json::parse(source.description, nullptr, false);
  if (!description.is_discarded()) return description;
  throw Error(ErrorCode::Plugin, fmt::format("{}: what it says about itself is no JSON", source.written));
}

Json source_json(const SourceReport& source) {
  return {{"source", source.written}, {"description", description_json(source)}};
}

Json volume_json(const std::optional<VolumeReport>& volume) {
  if (!volume) return nullptr;
  Json json = facts_json(volume->facts);
  json["source"] = text_or_null(volume->source);
  json["sources"] = Json::array();
  for (const SourceReport& source : volume->sources) json["sources"].push_back(source_json(source));
  return json;
}

Json derivation_json(const std::optional<DerivationReport>& derivation) {
  if (!derivation) return nullptr;
  Json values = Json::object();
  for (const DerivedValue& value : derivation->values) values[value.name] = value.text;
  return {{"type", derivation->type}, {"from", derivation->from}, {"values", std::move(values)}};
}

Json partition_json(const PartitionReport& entry) {
  Json json = partition_json(entry.partition);
  json["filesystem"] = volume_json(entry.volume);
  json["content"] = text_or_null(entry.content);
  json["derivation"] = derivation_json(entry.derivation);
  return json;
}

Json table_json(const Report& report) {
  if (report.table.empty()) return nullptr;
  Json partitions = Json::array();
  for (const PartitionReport& entry : report.partitions) partitions.push_back(partition_json(entry));
  return {{"type", report.table},
          {"disk_id", report.disk_id},
          {"sector_size", report.sector_size},
          {"partitions", std::move(partitions)}};
}

Json output_json(const std::optional<OutputReport>& output) {
  if (!output) return nullptr;
  Json json = {{"path", output->path.string()},
               {"file_size", output->file_size},
               {"allocated_size", output->allocated_size},
               {"seconds", output->seconds}};
  if (output->pieces) json["pieces"] = {{"taken", output->pieces->taken}, {"all", output->pieces->all}};
  return json;
}

}  // namespace

std::string report_json(const Report& report) {
  return json_text({{"container", report.container},
                    {"codec", text_or_null(report.codec)},
                    {"virtual_size", report.virtual_size},
                    {"partition_table", table_json(report)},
                    {"filesystem", volume_json(report.volume)},
                    {"unchanged", false},
                    {"output", output_json(report.output)}});
}

std::string unchanged_json(const std::string& output) {
  return json_text({{"unchanged", true}, {"output", {{"path", output}}}});
}

}  // namespace fstool

#include "spec_schema.h"

#include <fmt/format.h>

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "rules/owner_choice.h"
#include "spec.h"
#include "spec_keys.h"

namespace fstool {

namespace {

constexpr std::string_view kSizeWords = R"(^[0-9]+(\.[0-9]+)? *([kK]|[mM]|[gG]|[tT]|[kKmMgGtTpP][iI]?[bB])?$)";
constexpr std::string_view kUuid = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$";

Json reference(std::string_view definition) { return {{"$ref", fmt::format("#/definitions/{}", definition)}}; }

Json pattern(std::string_view expression) { return {{"type", "string"}, {"pattern", expression}}; }

/// Any of these, or text with a variable.
Json any_of(std::vector<Json> alternatives) {
  alternatives.push_back(reference("variable"));
  return {{"anyOf", std::move(alternatives)}};
}

Json integer(const OptionInfo& info) {
  Json number = {{"type", "integer"}};
  if (info.minimum && *info.minimum != std::numeric_limits<std::int64_t>::min()) number["minimum"] = *info.minimum;
  if (info.maximum && *info.maximum <= std::numeric_limits<std::int64_t>::max()) number["maximum"] = *info.maximum;
  if (info.choices.empty()) return number;
  number["enum"] = Json::array();
  for (const std::string& choice : info.choices) number["enum"].push_back(std::stoll(choice));
  return number;
}

Json text(const OptionInfo& info) {
  Json string = {{"type", "string"}};
  if (info.maximum) string["maxLength"] = *info.maximum;  // bytes there, characters here: never more of these
  return string;
}

Json strings() { return {{"type", "array"}, {"items", {{"type", "string"}}}}; }

Json owner_number() { return {{"type", "integer"}, {"minimum", 0}, {"maximum", kMaxOwnerId}}; }

/// { "old" = "new" }, or an array of { from, to }.
Json renames_schema() {
  const Json path = {{"type", "string"}, {"minLength", 1}};
  const Json element = {{"type", "object"},
                        {"properties", {{"from", path}, {"to", path}}},
                        {"required", {"from", "to"}},
                        {"additionalProperties", false}};
  return any_of({{{"type", "object"}, {"additionalProperties", path}}, {{"type", "array"}, {"items", element}}});
}

/// What values of `info` look like, without documentation.
Json value_schema(const OptionInfo& info) {
  if (info.type == "boolean") return any_of({{{"type", "boolean"}}});
  if (info.type == "integer") return any_of({integer(info)});
  if (info.type == "choice") return any_of({{{"enum", info.choices}}});
  if (info.type == "uuid") return any_of({pattern(kUuid)});
  if (info.type == "string") return any_of({text(info)});
  if (info.type == "list of strings") return any_of({{{"type", "array"}, {"items", {{"type", "string"}}}}});
  if (info.type == "size") return reference("size");
  if (info.type == kSizeOrAuto) return any_of({reference("size"), {{"const", "auto"}}});
  if (info.type == kPartitionSize) {
    return any_of({reference("size"), {{"enum", {"auto", "remaining"}}}, pattern("^(100|[1-9][0-9]?)%$")});
  }
  if (info.type == kSizeOrShare) return any_of({reference("size"), pattern("^([0-8]?[0-9]|9[0-5])%$")});
  if (info.type == kPartitionType) {
    return any_of({{{"type", "string"}}, {{"type", "integer"}, {"minimum", 0}, {"maximum", 255}}});
  }
  if (info.type == kMode) {
    return any_of({pattern("^[0-7]{1,4}$"), {{"type", "integer"}, {"minimum", 0}, {"maximum", 07777}}});
  }
  if (info.type == kModeChange) {
    return any_of({{{"type", "string"}, {"minLength", 1}}, {{"type", "integer"}, {"minimum", 0}, {"maximum", 07777}}});
  }
  if (info.type == kOwner) return any_of({{{"type", "string"}, {"minLength", 1}}, owner_number()});
  if (info.type == kTime) return any_of({{{"type", "integer"}}, {{"type", "string"}}});
  if (info.type == kPatterns || info.type == kIdMap) return any_of({{{"type", "string"}}, strings()});
  if (info.type == kXattrs) {
    return {{"type", "object"}, {"additionalProperties", any_of({{{"type", "string"}}, {{"const", false}}})}};
  }
  if (info.type == kRenames) return renames_schema();
  if (info.type == kPathType) return {{"type", "string"}, {"minLength", 1}};
  if (info.type == "filesystem" || info.type == "source" || info.type == "content" || info.type == "derive" ||
      info.type == "entries" || info.type == "rules" || info.type == "holes") {
    return reference(info.type);
  }
  if (info.type == "options") return {{"type", "object"}};
  return {{"type", "string"}};
}

Json default_value(const OptionInfo& info) {
  if (info.type == "boolean") return info.default_text == "true";
  if (info.type == "integer") return std::stoll(info.default_text);
  return info.default_text;
}

Json property(const OptionInfo& info) {
  Json schema = value_schema(info);
  // What stands beside a reference is ignored.
  if (schema.contains("$ref")) schema = {{"allOf", Json::array({schema})}};
  schema["description"] = info.summary;
  if (!info.default_text.empty()) schema["default"] = default_value(info);
  return schema;
}

void add_properties(Json& properties, const std::vector<OptionInfo>& options) {
  for (const OptionInfo& info : options) {
    if (!properties.contains(info.name)) properties[info.name] = property(info);
  }
}

/// The keys of a section, which must be there or not.
Json section_schema(std::string_view name) {
  const SpecSection& section = spec_section(name);
  Json schema = {{"type", "object"}, {"description", section.summary}, {"properties", Json::object()}};
  Json required = Json::array();
  for (const SpecKey& key : section.keys) {
    schema["properties"][key.info.name] = property(key.info);
    if (key.is_required) required.push_back(key.info.name);
  }
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  return schema;
}

/// A table whose `key` is a format's name, with its options beside those of the section: one alternative for each.
class FormatAlternatives {
 public:
  FormatAlternatives(std::string_view section, std::string key) : section_(section), key_(std::move(key)) {}

  Json& add(const FormatInfo& info) {
    Json alternative = section_schema(section_);
    alternative["description"] = info.summary;
    alternative["properties"][key_] = {{"const", info.name}, {"description", info.summary}};
    add_properties(alternative["properties"], info.options);
    return alternatives_.emplace_back(std::move(alternative));
  }

  /// A name that a variable gives.
  Json finish() {
    Json alternative = section_schema(section_);
    alternative["properties"][key_] = reference("variable");
    alternative["additionalProperties"] = true;
    alternatives_.push_back(std::move(alternative));
    return {{"description", spec_section(section_).summary}, {"anyOf", std::move(alternatives_)}};
  }

 private:
  std::string section_;
  std::string key_;
  std::vector<Json> alternatives_;
};

template <class Interface>
Json formats_schema(const Registry& registry, std::string_view section, const std::string& key) {
  FormatAlternatives alternatives(section, key);
  for (const auto& [name, format] : registry.all<Interface>()) alternatives.add(format.info);
  return alternatives.finish();
}

Json filesystem_schema(const Registry& registry) {
  FormatAlternatives alternatives("filesystem", "type");
  for (const auto& [name, format] : registry.all<Filesystem>()) {
    Json& properties = alternatives.add(format.info)["properties"];
    add_properties(properties, generic_filesystem_options());
    Json options = Json::object();
    add_properties(options, format.info.options);
    add_properties(options, generic_filesystem_options());
    properties["options"] = {{"type", "object"},
                             {"description", properties["options"]["description"]},
                             {"properties", std::move(options)},
                             {"additionalProperties", false}};
  }
  return alternatives.finish();
}

/// Text, or a table.
Json text_or(Json table) {
  return {{"anyOf", Json::array({{{"type", "string"}, {"minLength", 1}}, std::move(table)})}};
}

Json source_schema(const Registry& registry) {
  Json table = section_schema("filesystem.source");
  Json names = Json::array({"image", "file"});
  for (const auto& [name, format] : registry.all<Source>()) {
    names.push_back(name);
    add_properties(table["properties"], format.info.options);
  }
  Json& type = table["properties"]["type"];
  type = any_of({{{"enum", std::move(names)}}});
  type["description"] = "Name of the source; without it, what accepts the path.";
  Json source = text_or(std::move(table));
  Json layers = {{"type", "array"}, {"items", source}, {"minItems", 1}};
  source["anyOf"].push_back(std::move(layers));
  return source;
}

Json content_schema() {
  Json table = section_schema("partitions.content");
  table["minProperties"] = 1;
  table["maxProperties"] = 1;
  return text_or(std::move(table));
}

Json list_of(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

Json entry_schema() {
  Json entry = section_schema("filesystem.entries");
  entry["anyOf"] = Json::array();
  for (const char* const kind :
       {"content", "copy", "symlink", "directory", "hardlink", "char_device", "block_device", "fifo", "remove"}) {
    entry["anyOf"].push_back({{"required", {kind}}});
  }
  return entry;
}

/// A partition, or what is not in the table. Its options are those of any table that is there.
Json partition_schema(const Registry& registry) {
  Json partition = section_schema("partitions");
  for (const auto& [name, table] : registry.all<PartitionTable>()) {
    add_properties(partition["properties"], table.info.partition_options);
  }
  const Json payload = {{"required", {"in_table"}}, {"properties", {{"in_table", {{"not", {{"const", true}}}}}}}};
  partition["anyOf"] = Json::array({{{"required", {"type"}}}, payload});
  return partition;
}

Json definitions(const Registry& registry) {
  Json all = Json::object();
  all["variable"] = {{"type", "string"}, {"pattern", R"(\$\{)"}, {"description", "Text with a variable: ${NAME}."}};
  all["size"] = any_of({{{"type", "integer"}, {"minimum", 0}}, pattern(kSizeWords)});
  all["size"]["description"] = "Bytes, or text with a unit: \"64KiB\", \"1.5GiB\", \"2GB\".";
  all["filesystem"] = filesystem_schema(registry);
  all["source"] = source_schema(registry);
  all["entries"] = list_of(entry_schema());
  all["rules"] = list_of(section_schema("filesystem.rules"));
  all["content"] = content_schema();
  all["holes"] = list_of(section_schema("partitions.holes"));
  all["derive"] = formats_schema<Derivation>(registry, "partitions.derive", "type");
  all["image"] = formats_schema<PartitionTable>(registry, "image", "partition_table");
  all["partition"] = partition_schema(registry);
  all["container"] = formats_schema<Container>(registry, "container", "type");
  all["codec"] = formats_schema<Codec>(registry, "codec", "type");
  return all;
}

/// A spec that says all of it itself.
Json whole_spec() {
  Json partitions = list_of(reference("partition"));
  partitions["minItems"] = 1;
  Json spec = {{"properties",
                {{"container", reference("container")},
                 {"codec", reference("codec")},
                 {"filesystem", reference("filesystem")},
                 {"image", reference("image")},
                 {"partitions", std::move(partitions)}}}};
  const Json bare = {{"required", {"filesystem"}},
                     {"not", {{"anyOf", Json::array({{{"required", {"image"}}}, {{"required", {"partitions"}}}})}}}};
  const Json disk = {{"required", {"image", "partitions"}}, {"not", {{"required", {"filesystem"}}}}};
  spec["oneOf"] = Json::array({bare, disk});
  return spec;
}

}  // namespace

Json spec_schema(const Registry& registry) {
  Json properties = section_schema("")["properties"];
  for (const char* const table : {"container", "codec", "filesystem", "image"}) {
    properties[table] = {{"type", "object"}, {"description", spec_section(table).summary}};
  }
  properties["partitions"] = {{"type", "array"}, {"description", spec_section("partitions").summary}};
  return {{"$schema", "http://json-schema.org/draft-07/schema#"},
          {"title", "fstool spec"},
          {"description", spec_section("").summary},
          {"type", "object"},
          {"properties", std::move(properties)},
          {"additionalProperties", false},
          {"if", {{"not", {{"required", {"include"}}}}}},
          {"then", whole_spec()},
          {"definitions", definitions(registry)}};
}

}  // namespace fstool

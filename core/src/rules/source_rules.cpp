#include "rules/source_rules.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "fstool/error.h"
#include "rules/attribute_files.h"
#include "rules/file_contexts.h"
#include "rules/owner_choice.h"
#include "rules/strip_components.h"

namespace fstool {

namespace {

constexpr std::array<std::string_view, 16> kKeys = {
    "strip_components", "exclude", "include", "ignore_file", "rename", "uid_map", "gid_map", "manifest",
    "device_table",     "owner",   "group",   "mode",        "mtime",  "xattr",   "rules",   "selinux_contexts"};

std::optional<RuleFile> read_file(TableReader& reader, std::string_view key, const PathBase& base) {
  std::optional<RuleFile> file;
  reader.read(key, [&](const OptionValue& value) {
    file = RuleFile{.path = parse_path(value, key, base), .location = value.location};
  });
  return file;
}

/// Of every file that has a name, once.
void change_all(Tree& tree, const AttributeChanges& changes, OwnerResolver& owners) {
  if (changes.empty()) return;
  const ResolvedChanges resolved(changes, owners);
  for (std::size_t i = 0; i < tree.node_count(); ++i) {
    const auto id = static_cast<NodeId>(i);
    if (tree.links(id) > 0) resolved.apply(tree.node(id));
  }
}

/// Runs `work`; what the files don't allow is a mistake of the value of `key`.
template <class Work>
void blame_key(const SourceRules& rules, std::string_view key, Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::InvalidArgument) throw;
    const auto written = std::ranges::find(rules.written, key, &OptionEntry::key);
    if (written == rules.written.end()) throw;
    throw spec_error(written->value.location, error.what());
  }
}

}  // namespace

SourceRules read_source_rules(TableReader& reader, const PathBase& base) {
  SourceRules rules;
  for (const std::string_view key : kKeys) {
    if (const OptionValue* const value = reader.take(key)) {
      rules.written.push_back({.key = std::string(key), .value = *value, .location = value->location});
    }
  }
  constexpr std::int64_t kMostComponents = 1000;
  rules.strip_components =
      static_cast<std::uint32_t>(reader.take_integer("strip_components", 0, kMostComponents).value_or(0));
  rules.filter = read_path_filter(reader);
  reader.read("rename", [&](const OptionValue& value) { rules.renames = parse_renames(value); });
  reader.read("uid_map", [&](const OptionValue& value) { rules.id_maps.users = parse_id_map(value, "uid_map"); });
  reader.read("gid_map", [&](const OptionValue& value) { rules.id_maps.groups = parse_id_map(value, "gid_map"); });
  rules.manifest = read_file(reader, "manifest", base);
  rules.device_table = read_file(reader, "device_table", base);
  rules.changes = read_attribute_changes(reader);
  reader.read("rules", [&](const OptionValue& value) { rules.rules = read_pattern_rules(value, reader.problems()); });
  rules.selinux_contexts = read_file(reader, "selinux_contexts", base);
  return rules;
}

void apply_rules(Layer& layer, const SourceRules& rules, Context& context) {
  blame_key(rules, "strip_components", [&] { strip_components(layer, rules.strip_components); });
  apply_path_filter(layer, rules.filter);
  apply_renames(layer, rules.renames);
  blame_key(rules, "uid_map", [&] { apply_id_maps(layer.tree, {rules.id_maps.users, {}}); });
  blame_key(rules, "gid_map", [&] { apply_id_maps(layer.tree, {{}, rules.id_maps.groups}); });
  OwnerResolver owners(layer.tree);
  if (rules.manifest) apply_manifest(layer, *rules.manifest, owners, context);
  if (rules.device_table) apply_device_table(layer, *rules.device_table, owners, context);
  change_all(layer.tree, rules.changes, owners);
  apply_pattern_rules(layer, rules.rules, owners);
  if (rules.selinux_contexts) {
    blame_key(rules, "selinux_contexts", [&] { apply_file_contexts(layer.tree, *rules.selinux_contexts, context); });
  }
}

void add(Digest& digest, const SourceRules& rules) {
  digest.add_with_types(rules.written);
  // Where relative paths lead to.
  for (const std::optional<RuleFile>& file : {rules.manifest, rules.device_table, rules.selinux_contexts}) {
    digest.add(std::string_view(file ? file->path.native() : std::string()));
  }
}

}  // namespace fstool

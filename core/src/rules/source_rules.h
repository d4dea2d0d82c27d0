/// \file
/// SourceRules: what a source's table says of its files.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "fstool/context.h"
#include "fstool/layer.h"
#include "rules/attribute_changes.h"
#include "rules/id_map.h"
#include "rules/path_filter.h"
#include "rules/pattern_rules.h"
#include "rules/renames.h"
#include "rules/rule_file.h"
#include "spec_values.h"
#include "tree_digest.h"

namespace fstool {

/// Copies share what is large.
struct SourceRules {
  std::uint32_t strip_components = 0;
  PathFilter filter;
  std::vector<Rename> renames;
  IdMaps id_maps;
  std::optional<RuleFile> manifest;
  std::optional<RuleFile> device_table;
  AttributeChanges changes;  ///< of every file
  std::vector<PatternRule> rules;
  std::optional<RuleFile> selinux_contexts;
  OptionTable written;  ///< the keys as they were, for what names the source
};

/// Takes the keys of the rules from a source's table. What is wrong goes to the reader's problems.
SourceRules read_source_rules(TableReader& reader, const PathBase& base);

/// Changes a layer as the rules say, in this order: strip_components; the ignore file, exclude, include; rename;
/// uid_map, gid_map; manifest, device_table; owner, group, mode, mtime, xattr; rules; selinux_contexts. Markers of
/// whiteouts are files like others. Throws spec_error() and Error(InvalidArgument) for rules that don't go with what
/// the layer has, and what reading throws; then the layer is of no use any more.
void apply_rules(Layer& layer, const SourceRules& rules, Context& context);

/// Names what the rules make of equal layers.
void add(Digest& digest, const SourceRules& rules);

}  // namespace fstool

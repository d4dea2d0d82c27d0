/// \file
/// The `rules` of a spec: what becomes of files whose paths match patterns.
#pragma once

#include <optional>
#include <vector>

#include "fstool/layer.h"
#include "rules/attribute_changes.h"
#include "rules/ignore_patterns.h"
#include "spec_values.h"

namespace fstool {

/// One rule.
struct PatternRule {
  IgnorePatterns match;  ///< empty: everything
  std::optional<NodeKind> kind;
  std::optional<bool> excludes;
  AttributeChanges changes;
};

/// Reads an array of tables. Throws spec_error() if it is none; what is wrong in them goes to `problems`.
std::vector<PatternRule> read_pattern_rules(const OptionValue& value, SpecProblems& problems);

/// A list of patterns, or one. Throws spec_error().
IgnorePatterns parse_patterns(const OptionValue& value, std::string_view key);

/// Goes through every name, in their order, a directory before what is in it, and does what the rules say that match
/// its path, one after the other. Of a directory that is excluded, all goes. A file with several names has what the
/// rules say of each. Throws spec_error() for an owner that the tree doesn't know.
void apply_pattern_rules(Layer& layer, const std::vector<PatternRule>& rules, OwnerResolver& owners);
void apply_pattern_rules(Tree& tree, const std::vector<PatternRule>& rules, OwnerResolver& owners);

}  // namespace fstool

#include "rules/pattern_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "rules/layer_names.h"
#include "rules/name_walk.h"

namespace fstool {

namespace {

constexpr std::array<std::pair<std::string_view, NodeKind>, 7> kKinds = {{
    {"file", NodeKind::File},
    {"directory", NodeKind::Directory},
    {"symlink", NodeKind::Symlink},
    {"char_device", NodeKind::CharDevice},
    {"block_device", NodeKind::BlockDevice},
    {"fifo", NodeKind::Fifo},
    {"socket", NodeKind::Socket},
}};

NodeKind parse_kind(const OptionValue& value) {
  const std::string text = parse_text(value, "kind");
  const auto found = std::ranges::find(kKinds, text, &std::pair<std::string_view, NodeKind>::first);
  if (found != kKinds.end()) return found->second;
  OptionInfo info;
  info.name = "kind";
  for (const auto& [name, kind] : kKinds) info.choices.emplace_back(name);
  detail::throw_bad_choice(value, info);
}

PatternRule read_rule(const OptionValue& value, SpecProblems& problems) {
  TableReader reader(as_table(value, "rules"), "a rule", value.location, problems);
  PatternRule rule;
  reader.read("match", [&](const OptionValue& match) { rule.match = parse_patterns(match, "match"); });
  reader.read("kind", [&](const OptionValue& kind) { rule.kind = parse_kind(kind); });
  rule.excludes = reader.take_boolean("exclude");
  const std::size_t before = problems.size();
  rule.changes = read_attribute_changes(reader);
  reader.refuse_rest();
  if (!rule.excludes && rule.changes.empty() && problems.size() == before) {
    problems.add(value.location, "a rule needs something to do: exclude, owner, group, mode, mtime or xattr");
  }
  return rule;
}

class RuleSet {
 public:
  RuleSet(const std::vector<PatternRule>& rules, OwnerResolver& owners) : rules_(rules) {
    for (const PatternRule& rule : rules) changes_.emplace_back(rule.changes, owners);
  }

  /// False if the name goes.
  bool apply(std::string_view path, std::string_view name, Node& node) const {
    bool is_excluded = false;
    for (std::size_t i = 0; i < rules_.size(); ++i) {
      if (!matches(rules_[i], path, name, node.kind)) continue;
      is_excluded = rules_[i].excludes.value_or(is_excluded);
      changes_[i].apply(node);
    }
    return !is_excluded;
  }

 private:
  static bool matches(const PatternRule& rule, std::string_view path, std::string_view name, NodeKind kind) {
    if (rule.kind && *rule.kind != kind) return false;
    return rule.match.empty() ||
           rule.match.match(path, name, kind == NodeKind::Directory) == IgnorePatterns::Match::Matched;
  }

  const std::vector<PatternRule>& rules_;
  std::vector<ResolvedChanges> changes_;
};

}  // namespace

IgnorePatterns parse_patterns(const OptionValue& value, std::string_view key) {
  IgnorePatterns patterns;
  if (const auto* list = std::get_if<OptionValue::Array>(&value.data)) {
    for (const OptionValue& element : *list) patterns.add(parse_text(element, key));
  } else if (std::holds_alternative<std::string>(value.data)) {
    patterns.add(parse_text(value, key));
  } else {
    throw wrong_type(value, key, "a pattern, or a list of them");
  }
  if (patterns.empty()) throw spec_error(value.location, fmt::format("{} has no pattern", key));
  return patterns;
}

std::vector<PatternRule> read_pattern_rules(const OptionValue& value, SpecProblems& problems) {
  const auto* array = std::get_if<OptionValue::Array>(&value.data);
  if (array == nullptr) throw wrong_type(value, "rules", "an array of tables ([[…rules]])");
  std::vector<PatternRule> rules;
  for (const OptionValue& element : *array) {
    problems.collect(element.location, [&] { rules.push_back(read_rule(element, problems)); });
  }
  return rules;
}

void apply_pattern_rules(Tree& tree, const std::vector<PatternRule>& rules, OwnerResolver& owners) {
  if (rules.empty()) return;
  const RuleSet set(rules, owners);
  filter_names(
      tree, [&](const VisitedName& visited) { return set.apply(visited.path, visited.name, tree.node(visited.node)); });
}

void apply_pattern_rules(Layer& layer, const std::vector<PatternRule>& rules, OwnerResolver& owners) {
  if (rules.empty()) return;
  apply_pattern_rules(layer.tree, rules, owners);
  forget_removed(layer);
  // What they lead to is of another layer: they can be left out, and have no attributes here.
  const RuleSet set(rules, owners);
  filter_lower_links(layer, [&](std::string_view path, const LowerLink& link) {
    Node nobody;
    return set.apply(path, link.name, nobody);
  });
}

}  // namespace fstool

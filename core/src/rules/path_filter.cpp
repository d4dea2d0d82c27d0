#include "rules/path_filter.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>
#include <vector>

#include "directory_path.h"
#include "fstool/blob.h"
#include "fstool/error.h"
#include "rules/layer_names.h"
#include "rules/name_walk.h"
#include "rules/pattern_rules.h"

namespace fstool {

namespace {

constexpr std::uint64_t kMaxIgnoreFile = std::uint64_t{1} << 20;

/// Takes the ignore file out of the tree, and returns its patterns.
IgnorePatterns take_ignore_file(Tree& tree, const PathFilter& filter) {
  IgnorePatterns patterns;
  if (filter.ignore_file.empty()) return patterns;
  const std::optional<NodeId> file = tree.find_path(filter.ignore_file);
  if (!file || tree.node(*file).kind != NodeKind::File) {
    if (!filter.ignore_file_location) return patterns;
    throw spec_error(filter.ignore_file_location, fmt::format("the source has no file {}", filter.ignore_file));
  }
  if (const BlobPtr content = tree.node(*file).content) {
    const std::vector<std::byte> bytes =
        with_context([&] { return filter.ignore_file; }, [&] { return read_all(*content, kMaxIgnoreFile); });
    patterns.add_lines({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  const SplitPath path = split_last(filter.ignore_file);
  tree.remove(tree.find_path(path.directory).value_or(Tree::kRoot), path.name);
  return patterns;
}

void exclude(Layer& layer, const IgnorePatterns& patterns) {
  if (patterns.empty()) return;
  Tree& tree = layer.tree;
  const auto is_kept = [&](std::string_view path, std::string_view name, bool is_directory) {
    return patterns.match(path, name, is_directory) != IgnorePatterns::Match::Matched;
  };
  filter_names(tree, [&](const VisitedName& visited) {
    return is_kept(visited.path, visited.name, tree.node(visited.node).kind == NodeKind::Directory);
  });
  forget_removed(layer);
  filter_lower_links(layer,
                     [&](std::string_view path, const LowerLink& link) { return is_kept(path, link.name, false); });
}

/// Takes away what a list of patterns doesn't select.
class Includer {
 public:
  Includer(Layer& layer, const IgnorePatterns& patterns)
      : layer_(layer),
        tree_(layer.tree),
        patterns_(patterns),
        selected_(tree_.node_count()),
        leads_to_selected_(tree_.node_count()) {}

  void run() {
    filter_names(tree_, [&](const VisitedName& visited) {
      const bool is_directory = tree_.node(visited.node).kind == NodeKind::Directory;
      const bool is_selected = selects(visited.path, visited.name, visited.directory, is_directory);
      if (is_directory) selected_[visited.node] = is_selected;
      if (is_selected) note_way_to(visited.directory);
      return true;
    });
    filter_lower_links(layer_, [&](std::string_view path, const LowerLink& link) {
      const bool is_selected = selects(path, link.name, link.directory, false);
      if (is_selected) note_way_to(link.directory);
      return is_selected;
    });
    filter_names(tree_, [&](const VisitedName& visited) {
      const bool is_directory = tree_.node(visited.node).kind == NodeKind::Directory;
      if (is_directory) return selected_[visited.node] || leads_to_selected_[visited.node];
      return selects(visited.path, visited.name, visited.directory, false);
    });
    forget_removed(layer_);
  }

 private:
  bool selects(std::string_view path, std::string_view name, NodeId directory, bool is_directory) const {
    const IgnorePatterns::Match match = patterns_.match(path, name, is_directory);
    return match == IgnorePatterns::Match::None ? selected_[directory] : match == IgnorePatterns::Match::Matched;
  }

  void note_way_to(NodeId directory) {
    for (NodeId at = directory; !leads_to_selected_[at]; at = tree_.parent(at)) leads_to_selected_[at] = true;
  }

  Layer& layer_;
  Tree& tree_;
  const IgnorePatterns& patterns_;
  std::vector<bool> selected_;           // directories, by their ids
  std::vector<bool> leads_to_selected_;  // the same
};

}  // namespace

PathFilter read_path_filter(TableReader& reader) {
  PathFilter filter;
  reader.read("exclude", [&](const OptionValue& value) { filter.exclude = parse_patterns(value, "exclude"); });
  reader.read("include", [&](const OptionValue& value) { filter.include = parse_patterns(value, "include"); });
  reader.read("ignore_file", [&](const OptionValue& value) {
    filter.ignore_file = parse_text(value, "ignore_file");
    if (!filter.ignore_file.empty()) filter.ignore_file_location = value.location;
  });
  return filter;
}

void apply_path_filter(Layer& layer, const PathFilter& filter) {
  IgnorePatterns patterns = take_ignore_file(layer.tree, filter);
  patterns.append(filter.exclude);
  exclude(layer, patterns);
  if (!filter.include.empty()) Includer(layer, filter.include).run();
}

}  // namespace fstool

#include "extractor/extraction_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "fstool/error.h"

namespace fstool {
namespace {

using Path = std::vector<std::string_view>;

Path split(std::string_view path) {
  Path names;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash != 0) names.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return names;
}

/// The paths without those that lie below another, sorted.
std::vector<Path> outermost(const std::vector<std::string>& paths) {
  std::vector<Path> sorted;
  sorted.reserve(paths.size());
  for (const std::string& path : paths) sorted.push_back(split(path));
  std::ranges::sort(sorted);
  std::vector<Path> result;
  for (Path& path : sorted) {
    const bool covered = !result.empty() && std::ranges::mismatch(result.back(), path).in1 == result.back().end();
    if (!covered) result.push_back(std::move(path));
  }
  return result;
}

class Planner {
 public:
  explicit Planner(const Tree& tree) : tree_(tree) { plan_.directories.push_back({Tree::kRoot, 0, {}, false}); }

  void add_everything() {
    plan_.directories.front().wanted = true;
    add_below(0);
  }

  /// Adds what lies at `path` and below. Paths come in sorted order, so that those with the same beginning follow each
  /// other.
  void add(const Path& path) {
    if (path.empty()) return add_everything();
    std::uint32_t directory = 0;
    for (std::size_t depth = 0; depth + 1 < path.size(); ++depth) directory = way(directory, path, depth);
    const DirEntry entry = entry_of(plan_.directories[directory].node, path, path.size() - 1);
    if (const auto below = add_entry(directory, entry)) add_below(*below);
  }

  ExtractionPlan finish() { return std::move(plan_); }

 private:
  /// The directory path[depth] in `parent`, which leads to what is asked for.
  std::uint32_t way(std::uint32_t parent, const Path& path, std::size_t depth) {
    const DirEntry entry = entry_of(plan_.directories[parent].node, path, depth);
    if (tree_.node(entry.node).kind != NodeKind::Directory) throw missing(path);
    const auto [known, is_new] = ways_.try_emplace(entry.node, static_cast<std::uint32_t>(plan_.directories.size()));
    if (is_new) plan_.directories.push_back({entry.node, parent, entry.name, false});
    return known->second;
  }

  DirEntry entry_of(NodeId directory, const Path& path, std::size_t depth) const {
    const auto entries = tree_.entries(directory);
    const auto found = std::ranges::lower_bound(entries, path[depth], {}, &DirEntry::name);
    if (found == entries.end() || found->name != path[depth]) throw missing(path);
    return *found;
  }

  static Error missing(const Path& path) {
    return {ErrorCode::NotFound, fmt::format("there is no /{}", fmt::join(path, "/"))};
  }

  /// Returns its index if the entry is a directory.
  std::optional<std::uint32_t> add_entry(std::uint32_t directory, const DirEntry& entry) {
    const Node& node = tree_.node(entry.node);
    if (node.kind == NodeKind::Directory) {
      const auto index = static_cast<std::uint32_t>(plan_.directories.size());
      plan_.directories.push_back({entry.node, directory, entry.name, true});
      return index;
    }
    const PlannedName name{entry.node, directory, entry.name};
    if (tree_.links(entry.node) > 1) {
      const auto [first, is_new] = linked_.try_emplace(entry.node, name);
      if (!is_new) {
        plan_.links.push_back({name, first->second});
        return std::nullopt;
      }
    }
    if (node.kind == NodeKind::File) {
      plan_.files.push_back(name);
      if (node.content) plan_.bytes += node.content->size();
    } else {
      plan_.others.push_back(name);
    }
    return std::nullopt;
  }

  void add_below(std::uint32_t top) {
    // A list instead of recursion: trees from images may be deeper than the stack.
    struct Level {
      std::uint32_t directory;
      std::size_t next_entry;
    };
    std::vector<Level> levels{{top, 0}};
    while (!levels.empty()) {
      Level& level = levels.back();
      const auto entries = tree_.entries(plan_.directories[level.directory].node);
      if (level.next_entry == entries.size()) {
        levels.pop_back();
      } else if (const auto below = add_entry(level.directory, entries[level.next_entry++])) {
        levels.push_back({*below, 0});
      }
    }
  }

  const Tree& tree_;
  ExtractionPlan plan_;
  std::map<NodeId, std::uint32_t> ways_;
  std::unordered_map<NodeId, PlannedName> linked_;  // nodes with several names, under the first
};

}  // namespace

std::string ExtractionPlan::path(std::uint32_t directory) const {
  std::vector<std::string_view> upwards;
  for (; directory != 0; directory = directories[directory].parent) upwards.push_back(directories[directory].name);
  if (upwards.empty()) return "/";
  std::string text;
  for (auto name = upwards.rbegin(); name != upwards.rend(); ++name) {
    text += '/';
    text += *name;
  }
  return text;
}

std::string ExtractionPlan::path(const PlannedName& name) const {
  std::string text = name.directory == 0 ? "" : path(name.directory);
  text += '/';
  text += name.name;
  return text;
}

ExtractionPlan plan_extraction(const Tree& tree, const std::vector<std::string>& paths) {
  Planner planner(tree);
  if (paths.empty()) planner.add_everything();
  for (const Path& path : outermost(paths)) planner.add(path);
  return planner.finish();
}

}  // namespace fstool

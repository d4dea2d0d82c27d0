#include "tree_walk.h"

#include <span>
#include <vector>

namespace fstool {

std::string join_path(const std::string& directory, std::string_view name) {
  return std::string(directory).append(directory.ends_with('/') || directory.empty() ? "" : "/").append(name);
}

std::string_view last_component(std::string_view path) {
  const std::size_t end = path.find_last_not_of('/');
  if (end == std::string_view::npos) return path.substr(0, 1);
  path = path.substr(0, end + 1);
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

void walk_tree(const Tree& tree, NodeId start, const std::string& path,
               const std::function<bool(const WalkedName& walked)>& visit) {
  struct Level {
    std::span<const DirEntry> rest;  // entries that are still to be visited
    std::size_t path_length;
  };
  std::vector<Level> levels;
  std::string current = path;
  const auto arrive = [&](NodeId node) {
    if (!visit({node, current, levels.size()}) || tree.node(node).kind != NodeKind::Directory) return;
    levels.push_back({tree.entries(node), current.size()});
  };
  arrive(start);
  while (!levels.empty()) {
    Level& level = levels.back();
    if (level.rest.empty()) {
      levels.pop_back();
      continue;
    }
    const DirEntry entry = level.rest.front();
    level.rest = level.rest.subspan(1);
    current.resize(level.path_length);
    current.append(current.ends_with('/') || current.empty() ? "" : "/").append(entry.name);
    arrive(entry.node);
  }
}

}  // namespace fstool

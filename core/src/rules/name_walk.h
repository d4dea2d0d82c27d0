/// \file
/// Walks a tree that is changed on the way.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/tree.h"

namespace fstool {

/// A name on the walk.
struct VisitedName {
  NodeId node;
  NodeId directory;       ///< that has the name
  std::string_view path;  ///< from the root, without a slash at its start; valid during the visit
  std::string_view name;  ///< the last of the path
};

/// Calls `visit` for every name but the root, sorted, a directory before what is in it. What it returns false for is
/// taken away once its directory was gone through, with all that is below. Memory grows with the depth.
template <class Visit>
void filter_names(Tree& tree, Visit&& visit) {
  struct Level {
    NodeId directory;
    std::span<const DirEntry> entries;
    std::size_t next = 0;
    std::size_t path_size = 0;  // of the directory's
    std::vector<std::string_view> removed = {};
  };
  std::string path;
  std::vector<Level> levels;
  levels.push_back({Tree::kRoot, tree.entries(Tree::kRoot)});
  while (!levels.empty()) {
    Level& level = levels.back();
    path.resize(level.path_size);
    if (level.next == level.entries.size()) {
      for (const std::string_view name : level.removed) tree.remove(level.directory, name);
      levels.pop_back();
      continue;
    }
    const DirEntry entry = level.entries[level.next++];
    if (!path.empty()) path += '/';
    path += entry.name;
    if (!visit(VisitedName{entry.node, level.directory, path, entry.name})) {
      level.removed.push_back(entry.name);
    } else if (tree.node(entry.node).kind == NodeKind::Directory) {
      const std::size_t size = path.size();
      levels.push_back({entry.node, tree.entries(entry.node), 0, size});
    }
  }
}

}  // namespace fstool

#include "rules/layer_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "directory_path.h"
#include "fstool/error.h"
#include "rules/tree_path.h"

namespace fstool {

void forget_removed(Layer& layer) {
  const Tree& tree = layer.tree;
  std::erase_if(layer.implied, [&](NodeId id) { return tree.links(id) == 0; });
  std::erase_if(layer.lower_links, [&](const LowerLink& link) { return tree.links(link.directory) == 0; });
}

void filter_lower_links(Layer& layer, const std::function<bool(std::string_view path, const LowerLink& link)>& keep) {
  std::erase_if(layer.lower_links, [&](const LowerLink& link) {
    const std::string path = child_path(layer.tree, link.directory, link.name);
    return !keep(std::string_view(path).substr(1), link);
  });
}

void add_implied(Layer& layer, NodeId made) {
  layer.implied.insert(std::ranges::upper_bound(layer.implied, made), made);
}

void remove_implied(Layer& layer, std::vector<NodeId> described) {
  if (layer.implied.empty()) return;
  std::ranges::sort(described);
  std::erase_if(layer.implied, [&](NodeId id) { return std::ranges::binary_search(described, id); });
}

NodeId make_implied_directories(Layer& layer, std::string_view path, Timestamp mtime) {
  Tree& tree = layer.tree;
  NodeId at = Tree::kRoot;
  for (const std::string_view name : names_of(path)) {
    if (const std::optional<NodeId> next = find_directory(tree, at, name)) {
      at = *next;
      continue;
    }
    if (tree.find(at, name)) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("{} leads to no directory", child_path(tree, at, name)));
    }
    Node node;
    node.kind = NodeKind::Directory;
    node.permissions = 0755;
    node.mtime = mtime;
    at = tree.add(at, name, std::move(node));
    add_implied(layer, at);
  }
  return at;
}

}  // namespace fstool

#include "rules/layer_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
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

void move_name(Layer& layer, NodeId directory, std::string_view name, NodeId new_directory, std::string_view new_name) {
  Tree& tree = layer.tree;
  const NodeId moved = tree.find(directory, name).value();
  std::unordered_map<NodeId, NodeId> moved_to;  // directories
  std::vector<std::pair<NodeId, NodeId>> pending;
  const auto move = [&](NodeId node, NodeId parent, std::string_view as) {
    if (tree.node(node).kind != NodeKind::Directory) return tree.link(parent, as, node);
    Node attributes = std::exchange(tree.node(node), Node());
    tree.node(node).kind = NodeKind::Directory;
    pending.emplace_back(node, tree.add(parent, as, std::move(attributes)));
    moved_to.insert(pending.back());
  };
  move(moved, new_directory, new_name);
  while (!pending.empty()) {
    const auto [from, to] = pending.back();
    pending.pop_back();
    for (const DirEntry& entry : tree.entries(from)) move(entry.node, to, entry.name);
  }
  tree.remove(directory, name);
  for (NodeId& id : layer.implied) id = moved_to.contains(id) ? moved_to[id] : id;
  std::ranges::sort(layer.implied);
  for (LowerLink& link : layer.lower_links) {
    if (const auto found = moved_to.find(link.directory); found != moved_to.end()) link.directory = found->second;
  }
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

#include "rules/named_place.h"

#include <utility>

#include "directory_path.h"
#include "rules/layer_names.h"

namespace fstool {

std::optional<NodeId> NamedPlaces::directory_of(std::string_view path) {
  if (!directory_ || directory_path_ != path) {
    directory_path_ = path;
    directory_ = find_directory(layer_.tree, Tree::kRoot, path);
  }
  return directory_;
}

std::optional<NodeId> NamedPlaces::find(std::string_view path) {
  const SplitPath split = split_last(path);
  if (split.name.empty()) return Tree::kRoot;
  const std::optional<NodeId> directory = directory_of(split.directory);
  return directory ? layer_.tree.find(*directory, split.name) : std::nullopt;
}

bool NamedPlaces::is_lower_link(std::string_view path) {
  if (layer_.lower_links.empty()) return false;
  if (lower_links_.empty()) {
    for (const LowerLink& link : layer_.lower_links) lower_links_.emplace(link.directory, link.name);
  }
  const SplitPath split = split_last(path);
  const std::optional<NodeId> directory = directory_of(split.directory);
  return directory && lower_links_.contains({*directory, split.name});
}

NodeId NamedPlaces::add(std::string_view path, Node node) {
  const SplitPath split = split_last(path);
  std::optional<NodeId> directory = directory_of(split.directory);
  if (!directory) {
    if (!mtime_) mtime_ = context_.clock(layer_.tree);
    directory = directory_ = make_implied_directories(layer_, split.directory, *mtime_);
  }
  return layer_.tree.add(*directory, split.name, std::move(node));
}

Node NamedPlaces::new_node(NodeKind kind) {
  if (!mtime_) mtime_ = context_.clock(layer_.tree);
  Node node;
  node.kind = kind;
  node.mtime = *mtime_;
  if (kind == NodeKind::Directory) node.permissions = 0755;
  if (kind == NodeKind::Symlink) node.permissions = 0777;
  return node;
}

}  // namespace fstool

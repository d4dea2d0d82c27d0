#include "archive/archive_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "fstool/error.h"

namespace fstool::tar {

namespace {

using Names = std::vector<std::string_view>;

Names split(std::string_view path) {
  Names names;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (name == "..") throw Error(ErrorCode::Corrupt, "the name leads out of the archive with \"..\"");
    if (!name.empty() && name != ".") names.push_back(name);
  }
  return names;
}

std::string join(std::span<const std::string_view> names) { return fmt::format("/{}", fmt::join(names, "/")); }

}  // namespace

NodeId ArchiveTree::parent(const Names& path, Timestamp mtime) {
  NodeId at = Tree::kRoot;
  for (std::size_t depth = 0; depth + 1 < path.size(); ++depth) {
    const std::optional<NodeId> next = tree_.find(at, path[depth]);
    if (!next) {
      Node directory;
      directory.kind = NodeKind::Directory;
      directory.permissions = 0755;
      directory.mtime = mtime;
      make_room(at, path[depth]);
      at = tree_.add(at, path[depth], std::move(directory));
      implied_.insert(at);
      continue;
    }
    at = *next;
    if (tree_.node(at).kind == NodeKind::Directory) continue;
    const std::string_view kind = tree_.node(at).kind == NodeKind::Symlink ? "a symbolic link" : "no directory";
    throw Error(ErrorCode::Corrupt,
                fmt::format("it lies below {}, which is {}", join(std::span(path).first(depth + 1)), kind));
  }
  return at;
}

bool ArchiveTree::is_empty(NodeId directory) const {
  const auto link = lower_links_.lower_bound({directory, ""});
  return tree_.entries(directory).empty() && (link == lower_links_.end() || link->first.first != directory);
}

void ArchiveTree::make_room(NodeId directory, std::string_view name) {
  if (!lower_links_.empty()) lower_links_.erase({directory, std::string(name)});
  const std::optional<NodeId> existing = tree_.find(directory, name);
  if (!existing) return;
  if (tree_.node(*existing).kind == NodeKind::Directory && !is_empty(*existing)) {
    throw Error(ErrorCode::Corrupt, "it would replace a directory that has something in it");
  }
  tree_.remove(directory, name);
}

void ArchiveTree::add(std::string_view path, Node node) {
  const Names names = split(path);
  if (names.empty()) {
    if (node.kind != NodeKind::Directory) throw Error(ErrorCode::Corrupt, "the root is no directory");
    tree_.node(Tree::kRoot) = std::move(node);
    implied_.erase(Tree::kRoot);
    return;
  }
  const NodeId directory = parent(names, node.mtime);
  const std::optional<NodeId> existing = tree_.find(directory, names.back());
  if (existing && node.kind == NodeKind::Directory && tree_.node(*existing).kind == NodeKind::Directory) {
    tree_.node(*existing) = std::move(node);
    implied_.erase(*existing);
    return;
  }
  make_room(directory, names.back());
  tree_.add(directory, names.back(), std::move(node));
}

void ArchiveTree::add_link(std::string_view path, std::string_view target, BlobPtr content) {
  const Names target_names = split(target);
  const std::string target_path = join(target_names);
  const std::optional<NodeId> first = tree_.find_path(target_path);
  if (first && tree_.node(*first).kind == NodeKind::Directory) {
    throw Error(ErrorCode::Corrupt, fmt::format("it is a hard link to the directory {}", target_path));
  }
  const Names names = split(path);
  if (names == target_names) throw Error(ErrorCode::Corrupt, "it is a hard link to itself");
  if (names.empty()) throw Error(ErrorCode::Corrupt, "the root is no directory");
  const NodeId directory = parent(names, first ? tree_.node(*first).mtime : Timestamp());
  make_room(directory, names.back());
  if (!first) {
    lower_links_.try_emplace({directory, std::string(names.back())}, target_path);
    return;
  }
  tree_.link(directory, names.back(), *first);
  if (content && tree_.node(*first).kind == NodeKind::File) tree_.node(*first).content = std::move(content);
}

Layer ArchiveTree::finish() {
  Layer layer(std::move(tree_));
  for (const NodeId id : implied_) {
    if (layer.tree.links(id) != 0) layer.implied.push_back(id);
  }
  std::ranges::sort(layer.implied);
  for (auto& [place, target] : lower_links_) {
    if (layer.tree.links(place.first) != 0) layer.lower_links.push_back({place.first, place.second, std::move(target)});
  }
  return layer;
}

}  // namespace fstool::tar

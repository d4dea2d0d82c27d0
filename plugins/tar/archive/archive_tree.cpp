#include "archive/archive_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::tar {

namespace {

/// About what a node, its name and its place in a directory take, without what is as long as the archive says.
constexpr std::uint64_t kBytesPerNode = 256;

/// Puts the names of a path into `names`, which keeps its memory.
void split(std::string_view path, std::vector<std::string_view>& names) {
  names.clear();
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (name == "..") throw Error(ErrorCode::Corrupt, "the name leads out of the archive with \"..\"");
    if (!name.empty() && name != ".") names.push_back(name);
  }
}

std::string join(std::span<const std::string_view> names) { return fmt::format("/{}", fmt::join(names, "/")); }

std::uint64_t size_of(const Node& node) {
  std::uint64_t bytes = node.target.size();
  if (node.xattrs && node.xattrs.use_count() == 1) {
    for (const Xattr& xattr : *node.xattrs) bytes += sizeof(xattr) + xattr.name.size() + xattr.value.size();
  }
  return bytes;
}

}  // namespace

void ArchiveTree::charge(std::uint64_t bytes) {
  metadata_ += bytes;
  if (metadata_ <= max_metadata_) return;
  throw Error(ErrorCode::Unsupported,
              fmt::format("the archive's names and attributes take more than {} of memory: the option max_metadata "
                          "sets the bound",
                          format_size(max_metadata_)));
}

NodeId ArchiveTree::add_node(NodeId directory, std::string_view name, Node node) {
  charge(kBytesPerNode + name.size() + size_of(node));
  return tree_.add(directory, name, std::move(node));
}

NodeId ArchiveTree::add_implied(NodeId directory, std::string_view name, Timestamp mtime) {
  Node node;
  node.kind = NodeKind::Directory;
  node.permissions = 0755;
  node.mtime = mtime;
  make_room(directory, name);
  const NodeId id = add_node(directory, name, std::move(node));
  implied_.insert(id);
  return id;
}

NodeId ArchiveTree::parent(const Names& path, Timestamp mtime) {
  NodeId at = Tree::kRoot;
  for (std::size_t depth = 0; depth + 1 < path.size(); ++depth) {
    const std::optional<NodeId> next = tree_.find(at, path[depth]);
    at = next ? *next : add_implied(at, path[depth], mtime);
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
  split(path, names_);
  if (names_.empty()) {
    if (node.kind != NodeKind::Directory) throw Error(ErrorCode::Corrupt, "the root is no directory");
    charge(size_of(node));
    tree_.node(Tree::kRoot) = std::move(node);
    implied_.erase(Tree::kRoot);
    return;
  }
  const NodeId directory = parent(names_, node.mtime);
  const std::string_view name = names_.back();
  const std::optional<NodeId> existing = tree_.find(directory, name);
  if (existing && node.kind == NodeKind::Directory && tree_.node(*existing).kind == NodeKind::Directory) {
    charge(size_of(node));
    tree_.node(*existing) = std::move(node);
    implied_.erase(*existing);
    return;
  }
  if (existing || !lower_links_.empty()) make_room(directory, name);
  add_node(directory, name, std::move(node));
}

std::string ArchiveTree::lower_target(const Names& path, const std::string& joined) const {
  if (lower_links_.empty() || path.empty()) return joined;
  const std::optional<NodeId> directory = tree_.find_path(join(std::span(path).first(path.size() - 1)));
  if (!directory) return joined;
  const auto link = lower_links_.find({*directory, std::string(path.back())});
  return link == lower_links_.end() ? joined : link->second;
}

void ArchiveTree::add_link(std::string_view path, std::string_view target, BlobPtr content) {
  Names target_names;
  split(target, target_names);
  const std::string target_path = join(target_names);
  const std::optional<NodeId> first = tree_.find_path(target_path);
  if (first && tree_.node(*first).kind == NodeKind::Directory) {
    throw Error(ErrorCode::Corrupt, fmt::format("it is a hard link to the directory {}", target_path));
  }
  split(path, names_);
  if (names_ == target_names) throw Error(ErrorCode::Corrupt, "it is a hard link to itself");
  if (names_.empty()) throw Error(ErrorCode::Corrupt, "the root is no directory");
  const NodeId directory = parent(names_, first ? tree_.node(*first).mtime : Timestamp());
  const std::string_view name = names_.back();
  if (!first) {
    std::string lower = lower_target(target_names, target_path);
    charge(kBytesPerNode + name.size() + lower.size());
    make_room(directory, name);
    lower_links_.try_emplace({directory, std::string(name)}, std::move(lower));
    return;
  }
  charge(kBytesPerNode + name.size());
  make_room(directory, name);
  tree_.link(directory, name, *first);
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

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
      at = tree_.add(at, path[depth], std::move(directory));
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

void ArchiveTree::add(std::string_view path, Node node) {
  const Names names = split(path);
  if (names.empty()) {
    if (node.kind != NodeKind::Directory) throw Error(ErrorCode::Corrupt, "the root is no directory");
    tree_.node(Tree::kRoot) = std::move(node);
    return;
  }
  const NodeId directory = parent(names, node.mtime);
  if (const std::optional<NodeId> existing = tree_.find(directory, names.back())) {
    if (tree_.node(*existing).kind == NodeKind::Directory) {
      if (node.kind == NodeKind::Directory) {
        tree_.node(*existing) = std::move(node);
        return;
      }
      if (!tree_.entries(*existing).empty()) {
        throw Error(ErrorCode::Corrupt, "it would replace a directory that has something in it");
      }
    }
    tree_.remove(directory, names.back());
  }
  tree_.add(directory, names.back(), std::move(node));
}

void ArchiveTree::add_link(std::string_view path, std::string_view target, BlobPtr content) {
  const Names target_names = split(target);
  const std::string target_path = join(target_names);
  const std::optional<NodeId> first = tree_.find_path(target_path);
  if (!first)
    throw Error(ErrorCode::Corrupt, fmt::format("it is a hard link to {}, which does not exist", target_path));
  if (tree_.node(*first).kind == NodeKind::Directory) {
    throw Error(ErrorCode::Corrupt, fmt::format("it is a hard link to the directory {}", target_path));
  }
  const Names names = split(path);
  if (names == target_names) throw Error(ErrorCode::Corrupt, "it is a hard link to itself");
  if (names.empty()) throw Error(ErrorCode::Corrupt, "the root is no directory");
  const NodeId directory = parent(names, tree_.node(*first).mtime);
  if (const std::optional<NodeId> existing = tree_.find(directory, names.back())) {
    if (tree_.node(*existing).kind == NodeKind::Directory && !tree_.entries(*existing).empty()) {
      throw Error(ErrorCode::Corrupt, "it would replace a directory that has something in it");
    }
    tree_.remove(directory, names.back());
  }
  tree_.link(directory, names.back(), *first);
  if (content && tree_.node(*first).kind == NodeKind::File) tree_.node(*first).content = std::move(content);
}

}  // namespace fstool::tar

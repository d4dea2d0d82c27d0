#include "directory_path.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace fstool {

namespace {

constexpr unsigned kMaxLinksFollowed = 40;  // as in the kernel

/// Puts the names of `path` on a stack, the first on top.
void push_names(std::vector<std::string_view>& stack, std::string_view path) {
  for (std::size_t slash = 0; (slash = path.rfind('/')) != std::string_view::npos;) {
    stack.push_back(path.substr(slash + 1));
    path = path.substr(0, slash);
  }
  stack.push_back(path);
}

/// Takes the first name off the front of `path`; empty at its end.
std::string_view take_name(std::string_view& path) {
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  const std::string_view name = path.substr(0, path.find('/'));
  path.remove_prefix(name.size());
  return name;
}

}  // namespace

std::optional<NodeId> find_directory(const Tree& tree, NodeId directory, std::string_view path) {
  std::vector<std::string_view> names;
  push_names(names, path);
  NodeId at = directory;
  unsigned followed = 0;
  while (!names.empty()) {
    const std::string_view next = names.back();
    names.pop_back();
    if (next.empty() || next == ".") continue;
    if (next == "..") {
      at = tree.parent(at);
      continue;
    }
    const std::optional<NodeId> found = tree.find(at, next);
    if (!found) return std::nullopt;
    const Node& node = tree.node(*found);
    if (node.kind == NodeKind::Directory) {
      at = *found;
      continue;
    }
    if (node.kind != NodeKind::Symlink || ++followed > kMaxLinksFollowed) return std::nullopt;
    if (node.target.starts_with('/')) at = Tree::kRoot;
    push_names(names, node.target);
  }
  return at;
}

NodeId make_directories(Tree& tree, NodeId directory, std::string_view path, Timestamp mtime) {
  NodeId at = directory;
  for (std::string_view name = take_name(path); !name.empty(); name = take_name(path)) {
    if (const std::optional<NodeId> next = find_directory(tree, at, name)) {
      at = *next;
      continue;
    }
    Node node;
    node.kind = NodeKind::Directory;
    node.permissions = 0755;
    node.mtime = mtime;
    tree.remove(at, name);
    at = tree.add(at, name, std::move(node));
  }
  return at;
}

std::string child_path(const Tree& tree, NodeId directory, std::string_view name) {
  const std::string path = tree.path(directory);
  return fmt::format("{}{}{}", path, path == "/" || name.empty() ? "" : "/", name);
}

SplitPath split_last(std::string_view path) {
  path = path.substr(0, path.find_last_not_of('/') + 1);
  const std::size_t begin = path.rfind('/') + 1;  // 0 if there is none
  return {path.substr(0, begin), path.substr(begin)};
}

}  // namespace fstool

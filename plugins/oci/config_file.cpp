#include "config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "fstool/error.h"

namespace fstool::oci {

namespace {

/// The names of a path, without the empty ones.
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> names;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) names.push_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return names;
}

NodeId directory_in(Tree& tree, NodeId parent, std::string_view name, Timestamp mtime) {
  if (const std::optional<NodeId> existing = tree.find(parent, name)) {
    if (tree.node(*existing).kind == NodeKind::Directory) return *existing;
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("{} in {} is no directory: choose another config_path", name, tree.path(parent)));
  }
  Node directory;
  directory.kind = NodeKind::Directory;
  directory.permissions = 0755;
  directory.mtime = mtime;
  return tree.add(parent, name, std::move(directory));
}

}  // namespace

void check_config_path(std::string_view path) {
  const std::vector<std::string_view> names = split(path);
  const bool is_file = !names.empty() && !path.ends_with('/') && path.find('\0') == std::string_view::npos &&
                       std::ranges::none_of(names, [](std::string_view name) { return name == "." || name == ".."; });
  if (is_file) return;
  throw Error(ErrorCode::InvalidArgument, fmt::format("config_path = \"{}\" is no path of a file in the image", path));
}

void add_config_file(Tree& tree, std::string_view path, std::vector<std::byte> text, const Context& context) {
  const Timestamp mtime = context.clock(tree);
  const std::vector<std::string_view> names = split(path);
  NodeId directory = Tree::kRoot;
  for (std::size_t i = 0; i + 1 < names.size(); ++i) directory = directory_in(tree, directory, names[i], mtime);
  if (const std::optional<NodeId> existing = tree.find(directory, names.back())) {
    if (tree.node(*existing).kind == NodeKind::Directory) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} is a directory of the image: choose another config_path", path));
    }
    tree.remove(directory, names.back());
  }
  Node file;
  file.mtime = mtime;
  file.content = make_memory_blob(std::move(text));
  tree.add(directory, names.back(), std::move(file));
}

}  // namespace fstool::oci

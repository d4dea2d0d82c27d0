#include "layer_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "directory_path.h"
#include "fstool/error.h"

namespace fstool {

namespace {

/// Moves what a directory has into a tree of its own.
class PartTaker {
 public:
  PartTaker(Layer& whole, NodeId top) : whole_(whole), top_path_(whole.tree.path(top)) {
    for (const LowerLink& link : whole.lower_links) link_directories_.emplace(link.directory, std::nullopt);
    part_.tree.node(Tree::kRoot) = std::move(whole.tree.node(top));
    enter(top, Tree::kRoot);
  }

  Layer run() {
    while (!pending_.empty()) {
      const auto [from, to] = pending_.back();
      pending_.pop_back();
      for (const DirEntry& entry : whole_.tree.entries(from)) add(entry, to);
    }
    std::ranges::sort(part_.implied);
    take_links();
    part_.description = std::move(whole_.description);
    return std::move(part_);
  }

 private:
  void add(const DirEntry& entry, NodeId directory) {
    if (const auto known = added_.find(entry.node); known != added_.end()) {
      return part_.tree.link(directory, entry.name, known->second);
    }
    const bool is_directory = whole_.tree.node(entry.node).kind == NodeKind::Directory;
    const NodeId added = part_.tree.add(directory, entry.name, std::move(whole_.tree.node(entry.node)));
    if (is_directory) {
      enter(entry.node, added);
    } else if (whole_.tree.links(entry.node) > 1) {
      added_.emplace(entry.node, added);
    }
  }

  void enter(NodeId from, NodeId to) {
    if (std::ranges::binary_search(whole_.implied, from)) part_.implied.push_back(to);
    if (const auto linked = link_directories_.find(from); linked != link_directories_.end()) linked->second = to;
    pending_.emplace_back(from, to);
  }

  void take_links() {
    for (LowerLink& link : whole_.lower_links) {
      const std::optional<NodeId> directory = link_directories_.at(link.directory);
      if (!directory) continue;
      const std::string target = link.target.starts_with('/') ? link.target : "/" + link.target;
      if (!target.starts_with(top_path_ + "/")) {
        throw Error(ErrorCode::Corrupt,
                    fmt::format("{}: it is a hard link to {}, which is not in {}",
                                child_path(whole_.tree, link.directory, link.name), link.target, top_path_));
      }
      part_.lower_links.push_back({*directory, std::move(link.name), target.substr(top_path_.size())});
    }
  }

  Layer& whole_;
  const std::string top_path_;
  Layer part_;
  std::vector<std::pair<NodeId, NodeId>> pending_;  // directories of the whole, and what they are in the part
  std::unordered_map<NodeId, NodeId> added_;        // files with several names
  // Those that have lower links, and what they are in the part.
  std::unordered_map<NodeId, std::optional<NodeId>> link_directories_;
};

std::optional<NodeId> find_file(const Tree& tree, const SplitPath& path) {
  const std::optional<NodeId> directory = find_directory(tree, Tree::kRoot, path.directory);
  return directory ? tree.find(*directory, path.name) : std::nullopt;
}

}  // namespace

Layer file_layer(std::string_view name, Node node) {
  Layer layer;
  layer.implied.push_back(Tree::kRoot);
  layer.tree.add(Tree::kRoot, name, std::move(node));
  return layer;
}

LayerPart take_part(Layer layer, std::string_view path) {
  const std::optional<NodeId> top = find_directory(layer.tree, Tree::kRoot, path);
  if (top == Tree::kRoot) return {.layer = std::move(layer)};
  if (top) return {.layer = PartTaker(layer, *top).run()};
  const SplitPath split = split_last(path);
  const std::optional<NodeId> file = find_file(layer.tree, split);
  if (!file) throw Error(ErrorCode::NotFound, fmt::format("there is no {}", path));
  LayerPart part{.layer = file_layer(split.name, std::move(layer.tree.node(*file))), .is_file = true};
  part.layer.description = std::move(layer.description);
  return part;
}

}  // namespace fstool

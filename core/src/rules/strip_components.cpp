#include "rules/strip_components.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "directory_path.h"
#include "fstool/error.h"
#include "rules/layer_names.h"

namespace fstool {

namespace {

/// Moves what stays into a tree of its own.
class Stripper {
 public:
  Stripper(Layer& whole, std::uint32_t count) : whole_(whole), count_(count) {
    for (const LowerLink& link : whole.lower_links) link_directories_.emplace(link.directory, std::nullopt);
  }

  Layer run() {
    stripped_.tree.node(Tree::kRoot) = std::move(whole_.tree.node(Tree::kRoot));
    if (is_implied(Tree::kRoot)) stripped_.implied.push_back(Tree::kRoot);
    for (const NodeId directory : directories_at(count_)) merge(directory);
    std::ranges::sort(stripped_.implied);
    remove_implied(stripped_, std::move(described_));
    take_links();
    stripped_.description = std::move(whole_.description);
    return std::move(stripped_);
  }

 private:
  /// A directory of the whole layer, and what it is or becomes a part of.
  struct Pair {
    NodeId from;
    NodeId to;
  };

  bool is_implied(NodeId id) const { return std::ranges::binary_search(whole_.implied, id); }

  /// The directories of that depth, in the order of their paths' names.
  std::vector<NodeId> directories_at(std::uint32_t depth) const {
    std::vector<NodeId> level{Tree::kRoot};
    for (std::uint32_t i = 0; i < depth && !level.empty(); ++i) {
      std::vector<NodeId> next;
      for (const NodeId directory : level) {
        for (const DirEntry& entry : whole_.tree.entries(directory)) {
          if (whole_.tree.node(entry.node).kind == NodeKind::Directory) next.push_back(entry.node);
        }
      }
      level = std::move(next);
    }
    return level;
  }

  /// Moves what `directory` has to the root.
  void merge(NodeId directory) {
    enter({directory, Tree::kRoot});
    while (!pending_.empty()) {
      const Pair pair = pending_.back();
      pending_.pop_back();
      for (const DirEntry& entry : whole_.tree.entries(pair.from)) add(entry, pair);
    }
  }

  void enter(const Pair& pair) {
    if (const auto linked = link_directories_.find(pair.from); linked != link_directories_.end()) {
      linked->second = pair.to;
    }
    pending_.push_back(pair);
  }

  void add(const DirEntry& entry, const Pair& pair) {
    const bool is_directory = whole_.tree.node(entry.node).kind == NodeKind::Directory;
    if (const std::optional<NodeId> existing = stripped_.tree.find(pair.to, entry.name)) {
      const bool are_directories = is_directory && stripped_.tree.node(*existing).kind == NodeKind::Directory;
      if (!are_directories) throw_collision(pair, entry.name);
      describe(entry.node, *existing);
      enter({entry.node, *existing});
    } else if (const auto known = added_.find(entry.node); known != added_.end()) {
      stripped_.tree.link(pair.to, entry.name, known->second);
    } else {
      const NodeId added = stripped_.tree.add(pair.to, entry.name, std::move(whole_.tree.node(entry.node)));
      if (is_directory) {
        // Its kind is still asked for.
        whole_.tree.node(entry.node).kind = NodeKind::Directory;
        if (is_implied(entry.node)) stripped_.implied.push_back(added);
        enter({entry.node, added});
      } else if (whole_.tree.links(entry.node) > 1) {
        added_.emplace(entry.node, added);
      }
    }
  }

  /// Gives a directory that is there the attributes of one more, if that has any.
  void describe(NodeId from, NodeId to) {
    if (is_implied(from)) return;
    stripped_.tree.node(to) = std::move(whole_.tree.node(from));
    described_.push_back(to);
  }

  /// The path of the first file that came to `name` in `directory`.
  std::string first_path(NodeId directory, std::string_view name) const {
    std::string path = child_path(stripped_.tree, directory, name);
    for (const NodeId parent : directories_at(count_)) {
      std::string whole_path = (whole_.tree.path(parent) == "/" ? "" : whole_.tree.path(parent)) + path;
      if (whole_.tree.find_path(whole_path)) return whole_path;
    }
    return path;
  }

  [[noreturn]] void throw_collision(const Pair& pair, std::string_view name) const {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("strip_components: {} and {} would get the same path", first_path(pair.to, name),
                            child_path(whole_.tree, pair.from, name)));
  }

  void take_links() {
    for (LowerLink& link : whole_.lower_links) {
      const std::optional<NodeId> directory = link_directories_.at(link.directory);
      if (!directory) continue;
      std::string target(stripped_target(link));
      if (stripped_.tree.find(*directory, link.name)) {
        throw Error(ErrorCode::InvalidArgument, fmt::format("strip_components: {} would get the path of another file",
                                                            child_path(whole_.tree, link.directory, link.name)));
      }
      stripped_.lower_links.push_back({*directory, std::move(link.name), std::move(target)});
    }
  }

  std::string_view stripped_target(const LowerLink& link) const {
    std::string_view rest = link.target;
    const auto skip_slashes = [&] { rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size())); };
    skip_slashes();
    for (std::uint32_t i = 0; i < count_; ++i) {
      rest.remove_prefix(std::min(rest.find('/'), rest.size()));
      skip_slashes();
    }
    if (!rest.empty()) return rest;
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("strip_components: {} is a hard link to {}, which is not taken",
                            child_path(whole_.tree, link.directory, link.name), link.target));
  }

  Layer& whole_;
  const std::uint32_t count_;
  Layer stripped_;
  std::vector<Pair> pending_;
  std::vector<NodeId> described_;             // implied directories that became described ones
  std::unordered_map<NodeId, NodeId> added_;  // files with several names
  // Those that have lower links, and what they are now.
  std::unordered_map<NodeId, std::optional<NodeId>> link_directories_;
};

}  // namespace

void strip_components(Layer& layer, std::uint32_t count) {
  if (count > 0) layer = Stripper(layer, count).run();
}

}  // namespace fstool

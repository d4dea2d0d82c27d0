#include "rules/strip_components.h"

#include <fmt/format.h>

#include <algorithm>
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

class Stripper {
 public:
  Stripper(Layer& layer, std::uint32_t count) : layer_(layer), tree_(layer.tree), count_(count), origin_(layer.tree.node_count(), kNotMoved) {}

  void run() {
    strip_link_targets();
    const std::vector<NodeId> parents = directories_at(count_);
    // What stays waits in a directory of its own until the place is free.
    const std::string waiting_name = free_name();
    Node directory;
    directory.kind = NodeKind::Directory;
    const NodeId waiting = tree_.add(Tree::kRoot, waiting_name, std::move(directory));
    for (const NodeId parent : parents) {
      moved_to_[parent] = waiting;
      merge(parent, waiting);
    }
    move_links();
    for (const std::string& name : names_of(Tree::kRoot)) {
      if (name != waiting_name) tree_.remove(Tree::kRoot, name);
    }
    for (const std::string& name : names_of(waiting)) tree_.rename(waiting, name, Tree::kRoot, name);
    tree_.remove(Tree::kRoot, waiting_name);
    for (LowerLink& link : layer_.lower_links) {
      if (link.directory == waiting) link.directory = Tree::kRoot;
    }
    forget_removed(layer_);
  }

 private:
  std::vector<std::string> names_of(NodeId directory) const {
    std::vector<std::string> names;
    for (const DirEntry& entry : tree_.entries(directory)) names.emplace_back(entry.name);
    return names;
  }

  /// The directories of that depth, sorted by their paths' names.
  std::vector<NodeId> directories_at(std::uint32_t depth) const {
    std::vector<NodeId> level{Tree::kRoot};
    for (std::uint32_t i = 0; i < depth && !level.empty(); ++i) {
      std::vector<NodeId> next;
      for (const NodeId directory : level) {
        for (const DirEntry& entry : tree_.entries(directory)) {
          if (tree_.node(entry.node).kind == NodeKind::Directory) next.push_back(entry.node);
        }
      }
      level = std::move(next);
    }
    return level;
  }

  /// A name that neither the root has nor anything that stays.
  std::string free_name() const {
    std::string name = "...";
    while (is_taken(name)) name += '.';
    return name;
  }

  bool is_taken(const std::string& name) const {
    if (tree_.find(Tree::kRoot, name)) return true;
    return std::ranges::any_of(directories_at(count_),
                               [&](NodeId directory) { return tree_.find(directory, name).has_value(); });
  }

  bool is_implied(NodeId id) const { return std::ranges::binary_search(layer_.implied, id); }

  /// Moves what `from` has to `to`, and what directories have that both have, too.
  void merge(NodeId from, NodeId to) {
    std::vector<std::pair<NodeId, NodeId>> pending{{from, to}};
    while (!pending.empty()) {
      const auto [source, target] = pending.back();
      pending.pop_back();
      for (const std::string& name : names_of(source)) {
        const std::optional<NodeId> existing = tree_.find(target, name);
        if (!existing) {
          origin_[*tree_.find(source, name)] = source;
          tree_.rename(source, name, target, name);
          continue;
        }
        const NodeId moved = *tree_.find(source, name);
        Node& lower = tree_.node(*existing);
        Node& upper = tree_.node(moved);
        if (lower.kind != NodeKind::Directory || upper.kind != NodeKind::Directory) throw_collision(source, target, name);
        if (!is_implied(moved)) {
          lower = std::move(upper);
          upper = Node();
          upper.kind = NodeKind::Directory;
          std::erase(layer_.implied, *existing);
        }
        moved_to_[moved] = *existing;
        pending.emplace_back(moved, *existing);
      }
    }
  }

  /// Where a name was that has come to `directory`.
  std::string old_path(NodeId directory, const std::string& name) const {
    const NodeId node = *tree_.find(directory, name);
    if (origin_[node] != kNotMoved) return child_path(tree_, origin_[node], name);
    const std::string path = tree_.path(directory);
    return old_path(tree_.parent(directory), std::string(split_last(path).name)) + "/" + name;
  }

  [[noreturn]] void throw_collision(NodeId source, NodeId target, const std::string& name) const {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("strip_components: {} and {} would get the same path", old_path(target, name),
                            child_path(tree_, source, name)));
  }

  void move_links() {
    for (LowerLink& link : layer_.lower_links) {
      for (auto moved = moved_to_.find(link.directory); moved != moved_to_.end();
           moved = moved_to_.find(link.directory)) {
        link.directory = moved->second;
      }
    }
  }

  void strip_link_targets() {
    for (LowerLink& link : layer_.lower_links) {
      std::string_view rest = link.target;
      for (std::uint32_t i = 0; i <= count_; ++i) {
        rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
        if (i < count_) rest.remove_prefix(std::min(rest.find('/'), rest.size()));
      }
      if (rest.empty()) {
        throw Error(ErrorCode::InvalidArgument,
                    fmt::format("strip_components: {} is a hard link to {}, which is not taken",
                                child_path(tree_, link.directory, link.name), link.target));
      }
      link.target = std::string(rest);
    }
  }

  Layer& layer_;
  Tree& tree_;
  const std::uint32_t count_;
  static constexpr NodeId kNotMoved = UINT32_MAX;
  std::vector<NodeId> origin_;                   // of what was moved by its own name: the directory it was in
  std::unordered_map<NodeId, NodeId> moved_to_;  // directories that are one with others now
};

}  // namespace

void strip_components(Layer& layer, std::uint32_t count) {
  if (count > 0) Stripper(layer, count).run();
}

}  // namespace fstool

#include "fstool/layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "directory_path.h"
#include "fstool/error.h"
#include "layer_markers.h"

namespace fstool {

namespace {

[[noreturn]] void throw_no_target(const Tree& tree, const LowerLink& link) {
  throw Error(ErrorCode::Corrupt, fmt::format("{}: it is a hard link to {}, which does not exist",
                                              child_path(tree, link.directory, link.name), link.target));
}

/// One layer on its way onto another. What it has is added in the order of a walk by name: where two of its directories
/// lead to one below, through symbolic links of the latter, what the walk comes to later counts.
class Overlay {
 public:
  Overlay(Tree& base, NodeId directory, Layer& upper, Whiteouts whiteouts)
      : base_(base), top_(directory), upper_(upper), markers_(upper.tree, whiteouts) {
    for (const LowerLink& link : upper.lower_links) link_directories_.emplace(link.directory, std::nullopt);
  }

  void run() {
    const std::vector<NodeId> targets = find_link_targets();
    walk([this](NodeId upper, NodeId lower) { hide(upper, lower); });
    walk([this](NodeId upper, NodeId lower) { add_all(upper, lower); });
    add_links(targets);
  }

 private:
  /// A directory of the upper layer, and the one of the base that it comes over.
  struct Pair {
    NodeId upper;
    NodeId lower;
  };

  // A list instead of recursion: trees may be deeper than the stack.
  template <class Visit>
  void walk(Visit&& visit) {
    pending_ = {{Tree::kRoot, top_}};
    while (!pending_.empty()) {
      const Pair pair = pending_.back();
      pending_.pop_back();
      // Something that came later by another way may have taken its place.
      if (base_.links(pair.lower) == 0) continue;
      const auto first_below = static_cast<std::ptrdiff_t>(pending_.size());
      visit(pair.upper, pair.lower);
      std::reverse(pending_.begin() + first_below, pending_.end());  // the first name is to be on top
    }
  }

  bool is_directory(NodeId upper) const { return upper_.tree.node(upper).kind == NodeKind::Directory; }

  /// Applies the markers of one directory, and goes on to those below it that the base has, too.
  void hide(NodeId upper, NodeId lower) {
    if (markers_.is_opaque(upper)) remove_all(lower);
    for (const DirEntry& entry : upper_.tree.entries(upper)) {
      if (markers_.is_marker(entry)) {
        if (const auto name = markers_.hidden_name(upper, entry)) base_.remove(lower, *name);
      } else if (is_directory(entry.node)) {
        if (const auto below = lower_directory(entry, lower)) pending_.push_back({entry.node, *below});
      }
    }
  }

  void remove_all(NodeId lower) {
    // The last one is the one that is cheap to take out.
    while (!base_.entries(lower).empty()) base_.remove(lower, base_.entries(lower).back().name);
  }

  /// The directory of the base that a directory of the upper layer becomes one with.
  std::optional<NodeId> lower_directory(const DirEntry& entry, NodeId lower) const {
    if (upper_.is_implied(entry.node)) return find_directory(base_, lower, entry.name);
    const std::optional<NodeId> found = base_.find(lower, entry.name);
    return found && base_.node(*found).kind == NodeKind::Directory ? found : std::nullopt;
  }

  Node take_node(NodeId upper, NodeId directory, std::string_view name) {
    Node& node = upper_.tree.node(upper);
    markers_.clean(node, directory, name);
    return std::move(node);
  }

  void add_all(NodeId upper, NodeId lower) {
    if (!upper_.is_implied(upper)) base_.node(lower) = take_node(upper, upper, "");
    if (const auto linked = link_directories_.find(upper); linked != link_directories_.end()) linked->second = lower;
    for (const DirEntry& entry : upper_.tree.entries(upper)) {
      if (markers_.is_marker(entry)) {
        static_cast<void>(markers_.hidden_name(upper, entry));  // for its complaint, where nothing is below
      } else if (is_directory(entry.node)) {
        add_directory(entry, upper, lower);
      } else {
        add_file(entry, upper, lower);
      }
    }
  }

  void add_directory(const DirEntry& entry, NodeId upper, NodeId lower) {
    std::optional<NodeId> merged = lower_directory(entry, lower);
    if (!merged) {
      Node node;
      node.kind = NodeKind::Directory;
      // An implied one has no other place for its attributes; the others bring theirs when their turn comes.
      if (upper_.is_implied(entry.node)) node = take_node(entry.node, upper, entry.name);
      base_.remove(lower, entry.name);
      merged = base_.add(lower, entry.name, std::move(node));
    }
    pending_.push_back({entry.node, *merged});
  }

  void add_file(const DirEntry& entry, NodeId upper, NodeId lower) {
    base_.remove(lower, entry.name);
    if (upper_.tree.links(entry.node) == 1) {
      base_.add(lower, entry.name, take_node(entry.node, upper, entry.name));
      return;
    }
    const auto [known, is_new] = added_.try_emplace(entry.node);
    if (is_new) {
      known->second = base_.add(lower, entry.name, take_node(entry.node, upper, entry.name));
    } else {
      base_.link(lower, entry.name, known->second);
    }
  }

  /// What lower links lead to, before the layer changes it.
  std::vector<NodeId> find_link_targets() const {
    std::vector<NodeId> targets;
    for (const LowerLink& link : upper_.lower_links) targets.push_back(find_link_target(link));
    return targets;
  }

  NodeId find_link_target(const LowerLink& link) const {
    const SplitPath path = split_last(link.target);
    const std::optional<NodeId> directory = find_directory(base_, top_, path.directory);
    const std::optional<NodeId> target = directory ? base_.find(*directory, path.name) : std::nullopt;
    if (!target) throw_no_target(upper_.tree, link);
    if (base_.node(*target).kind != NodeKind::Directory) return *target;
    throw Error(ErrorCode::Corrupt, fmt::format("{}: it is a hard link to the directory {}",
                                                child_path(upper_.tree, link.directory, link.name), link.target));
  }

  void add_links(const std::vector<NodeId>& targets) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const LowerLink& link = upper_.lower_links[i];
      const std::optional<NodeId> directory = link_directories_.at(link.directory);
      if (!directory || base_.links(*directory) == 0) continue;  // nothing of that directory is there
      if (base_.find(*directory, link.name) == targets[i]) continue;
      base_.remove(*directory, link.name);
      base_.link(*directory, link.name, targets[i]);
    }
  }

  Tree& base_;
  const NodeId top_;
  Layer& upper_;
  const LayerMarkers markers_;
  std::vector<Pair> pending_;
  std::unordered_map<NodeId, NodeId> added_;  // upper to base, of files with several names
  // Those of the upper layer that have lower links, and what became of them.
  std::unordered_map<NodeId, std::optional<NodeId>> link_directories_;
};

/// Takes the markers of a directory, and overlayfs's attributes of what is in it, out of the tree.
void remove_markers(Tree& tree, NodeId directory, const LayerMarkers& markers) {
  std::vector<std::string_view> names;
  for (const DirEntry& entry : tree.entries(directory)) {
    if (markers.is_marker(entry)) {
      static_cast<void>(markers.hidden_name(directory, entry));  // for its complaint
      names.push_back(entry.name);
    } else {
      markers.clean(tree.node(entry.node), directory, entry.name);
    }
  }
  for (const std::string_view name : names) tree.remove(directory, name);
}

void remove_markers(Tree& tree, Whiteouts whiteouts) {
  const LayerMarkers markers(tree, whiteouts);
  markers.clean(tree.node(Tree::kRoot), Tree::kRoot, "");
  std::vector<NodeId> pending{Tree::kRoot};
  while (!pending.empty()) {
    const NodeId directory = pending.back();
    pending.pop_back();
    remove_markers(tree, directory, markers);
    for (const DirEntry& entry : tree.entries(directory)) {
      if (tree.node(entry.node).kind == NodeKind::Directory) pending.push_back(entry.node);
    }
  }
}

}  // namespace

Layer::Layer() = default;
Layer::Layer(Tree own_tree) : tree(std::move(own_tree)) {}
Layer::Layer(Layer&&) noexcept = default;
Layer& Layer::operator=(Layer&&) noexcept = default;
Layer::~Layer() = default;

void lay_over(Tree& base, NodeId directory, Layer upper, Whiteouts whiteouts) {
  const bool is_first = directory == Tree::kRoot && base.node_count() == 1;
  if (!is_first) return Overlay(base, directory, upper, whiteouts).run();
  const bool keeps_root = upper.is_implied(Tree::kRoot);
  Node root = std::move(base.node(Tree::kRoot));
  base = tree_of(std::move(upper), whiteouts);
  if (keeps_root) base.node(Tree::kRoot) = std::move(root);
}

Tree tree_of(Layer layer, Whiteouts whiteouts) {
  if (!layer.lower_links.empty()) throw_no_target(layer.tree, layer.lower_links.front());
  if (whiteouts != Whiteouts::None) remove_markers(layer.tree, whiteouts);
  if (layer.is_implied(Tree::kRoot)) layer.tree.node(Tree::kRoot).mtime = layer.tree.newest_mtime();
  return std::move(layer.tree);
}

}  // namespace fstool

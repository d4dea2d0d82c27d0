#include "fstool/layer.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "fstool/error.h"

namespace fstool {

namespace {

constexpr std::string_view kOciPrefix = ".wh.";
constexpr std::string_view kOciOpaque = ".wh..wh..opq";
constexpr std::string_view kAufsPrefix = ".wh..wh.";
constexpr unsigned kMaxLinksFollowed = 40;  // as in the kernel

std::string path_of(const Tree& tree, NodeId directory, std::string_view name) {
  const std::string path = tree.path(directory);
  return fmt::format("{}{}{}", path, path == "/" ? "" : "/", name);
}

/// What follows "trusted.overlay." or "user.overlay." in the name of an attribute.
std::optional<std::string_view> overlay_attribute(std::string_view name) {
  for (const std::string_view prefix : {"trusted.overlay.", "user.overlay."}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return std::nullopt;
}

const std::string* find_overlay_attribute(const Node& node, std::string_view wanted) {
  if (!node.xattrs) return nullptr;
  for (const Xattr& xattr : *node.xattrs) {
    if (overlay_attribute(xattr.name) == wanted) return &xattr.value;
  }
  return nullptr;
}

void remove_overlay_attributes(Node& node) {
  const auto is_overlay = [](const Xattr& xattr) { return overlay_attribute(xattr.name).has_value(); };
  if (!node.xattrs || std::ranges::none_of(*node.xattrs, is_overlay)) return;
  Xattrs kept = *node.xattrs;
  std::erase_if(kept, is_overlay);
  node.xattrs = kept.empty() ? nullptr : std::make_shared<const Xattrs>(std::move(kept));
}

/// The directory that `name` in `directory` is or, through symbolic links, leads to; nothing if it is none.
std::optional<NodeId> find_directory(const Tree& tree, NodeId directory, std::string_view name) {
  // Names that are still to be gone through, the next one last.
  std::vector<std::string_view> names{name};
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
    std::string_view target = node.target;
    if (target.starts_with('/')) at = Tree::kRoot;
    for (std::size_t slash = 0; (slash = target.rfind('/')) != std::string_view::npos;) {
      names.push_back(target.substr(slash + 1));
      target = target.substr(0, slash);
    }
    names.push_back(target);
  }
  return at;
}

/// One layer on its way onto another.
class Overlay {
 public:
  Overlay(Tree& base, NodeId directory, Layer& upper, Whiteouts whiteouts)
      : base_(base),
        top_(directory),
        upper_(upper),
        has_oci_markers_(whiteouts == Whiteouts::Oci || whiteouts == Whiteouts::Both),
        has_overlayfs_markers_(whiteouts == Whiteouts::Overlayfs || whiteouts == Whiteouts::Both) {}

  void run() {
    const std::vector<NodeId> linked = find_link_targets();
    walk([this](NodeId upper, NodeId lower) { hide(upper, lower); });
    walk([this](NodeId upper, NodeId lower) { add_all(upper, lower); });
    add_links(linked);
  }

 private:
  /// A directory of the upper layer, and the one of the base that it comes over.
  struct Pair {
    NodeId upper;
    NodeId lower;
  };

  // Lists instead of recursion: trees may be deeper than the stack.
  template <class Visit>
  void walk(Visit&& visit) {
    pending_ = {{Tree::kRoot, top_}};
    while (!pending_.empty()) {
      const Pair pair = pending_.back();
      pending_.pop_back();
      visit(pair.upper, pair.lower);
    }
  }

  bool is_implied(NodeId upper) const { return std::ranges::binary_search(upper_.implied, upper); }

  /// The name that a marker hides. Throws if there can be no such name.
  std::string_view oci_hidden(NodeId directory, std::string_view marker) const {
    const std::string_view hidden = marker.substr(kOciPrefix.size());
    if (!hidden.empty() && hidden != "." && hidden != "..") return hidden;
    throw Error(ErrorCode::Corrupt,
                fmt::format("{}: it hides nothing that could have a name", path_of(upper_.tree, directory, marker)));
  }

  static bool is_overlayfs_whiteout(const Node& node) {
    if (node.kind == NodeKind::CharDevice) return node.device == DeviceNumber{};
    return node.kind == NodeKind::File && (!node.content || node.content->size() == 0) &&
           find_overlay_attribute(node, "whiteout") != nullptr;
  }

  bool is_marker(const DirEntry& entry) const {
    if (has_oci_markers_ && entry.name.starts_with(kOciPrefix)) return true;
    return has_overlayfs_markers_ && is_overlayfs_whiteout(upper_.tree.node(entry.node));
  }

  bool is_opaque(NodeId upper) const {
    if (has_oci_markers_ && upper_.tree.find(upper, kOciOpaque)) return true;
    if (!has_overlayfs_markers_) return false;
    const std::string* const value = find_overlay_attribute(upper_.tree.node(upper), "opaque");
    return value != nullptr && *value == "y";
  }

  /// Applies the markers of one directory, and goes on to those below it that the base has, too.
  void hide(NodeId upper, NodeId lower) {
    if (is_opaque(upper)) {
      std::vector<std::string> names;
      for (const DirEntry& entry : base_.entries(lower)) names.emplace_back(entry.name);
      for (const std::string& name : names) base_.remove(lower, name);
    }
    for (const DirEntry& entry : upper_.tree.entries(upper)) {
      if (has_oci_markers_ && entry.name.starts_with(kOciPrefix)) {
        if (!entry.name.starts_with(kAufsPrefix)) base_.remove(lower, oci_hidden(upper, entry.name));
      } else if (is_marker(entry)) {
        base_.remove(lower, entry.name);
      } else if (upper_.tree.node(entry.node).kind == NodeKind::Directory) {
        if (const auto below = lower_directory(entry, lower)) pending_.push_back({entry.node, *below});
      }
    }
  }

  /// The directory of the base that a directory of the upper layer becomes one with.
  std::optional<NodeId> lower_directory(const DirEntry& entry, NodeId lower) const {
    if (is_implied(entry.node)) return find_directory(base_, lower, entry.name);
    const std::optional<NodeId> found = base_.find(lower, entry.name);
    return found && base_.node(*found).kind == NodeKind::Directory ? found : std::nullopt;
  }

  Node take_node(NodeId upper, NodeId directory, std::string_view name) {
    Node& node = upper_.tree.node(upper);
    if (has_overlayfs_markers_) {
      for (const std::string_view wanted : {"redirect", "metacopy"}) {
        if (find_overlay_attribute(node, wanted) == nullptr) continue;
        throw Error(ErrorCode::Unsupported,
                    fmt::format("{}: overlayfs keeps only a part of it in this layer (the attribute \"{}\"): mount the "
                                "overlay and take the mounted tree",
                                path_of(upper_.tree, directory, name), wanted));
      }
      remove_overlay_attributes(node);
    }
    return std::move(node);
  }

  void add_all(NodeId upper, NodeId lower) {
    if (!is_implied(upper)) base_.node(lower) = take_node(upper, upper, "");
    for (const DirEntry& entry : upper_.tree.entries(upper)) {
      if (is_marker(entry)) continue;
      if (upper_.tree.node(entry.node).kind == NodeKind::Directory) {
        add_directory(entry, upper, lower);
      } else {
        add_file(entry, upper, lower);
      }
    }
  }

  void add_directory(const DirEntry& entry, NodeId upper, NodeId lower) {
    std::optional<NodeId> merged = lower_directory(entry, lower);
    if (!merged) {
      base_.remove(lower, entry.name);
      Node node;
      node.kind = NodeKind::Directory;
      // An implied one has no other place for its attributes; the others bring theirs when their turn comes.
      if (is_implied(entry.node)) node = take_node(entry.node, upper, entry.name);
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
    const std::string path = path_of(upper_.tree, link.directory, link.name);
    const std::size_t slash = link.target.rfind('/');
    const std::string_view name = std::string_view(link.target).substr(slash == std::string::npos ? 0 : slash + 1);
    NodeId directory = top_;
    std::string_view rest = slash == std::string::npos ? "" : std::string_view(link.target).substr(0, slash);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('/'), rest.size());
      const std::optional<NodeId> next = find_directory(base_, directory, rest.substr(0, end));
      if (!next) throw_no_target(path, link);
      directory = *next;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const std::optional<NodeId> target = base_.find(directory, name);
    if (!target) throw_no_target(path, link);
    if (base_.node(*target).kind == NodeKind::Directory) {
      throw Error(ErrorCode::Corrupt, fmt::format("{}: it is a hard link to the directory {}", path, link.target));
    }
    return *target;
  }

  [[noreturn]] static void throw_no_target(const std::string& path, const LowerLink& link) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("{}: it is a hard link to {}, which does not exist", path, link.target));
  }

  // The directories of lower links are those of the upper tree, so they are found by their paths once all is added.
  void add_links(const std::vector<NodeId>& targets) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const LowerLink& link = upper_.lower_links[i];
      const NodeId directory = merged_directory(link.directory);
      const std::optional<NodeId> existing = base_.find(directory, link.name);
      if (existing == targets[i]) continue;
      if (existing) base_.remove(directory, link.name);
      base_.link(directory, link.name, targets[i]);
    }
  }

  NodeId merged_directory(NodeId upper) const {
    std::string path = upper_.tree.path(upper);
    std::string_view rest = path;
    NodeId at = top_;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('/'), rest.size());
      at = find_directory(base_, at, rest.substr(0, end)).value_or(at);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return at;
  }

  Tree& base_;
  const NodeId top_;
  Layer& upper_;
  const bool has_oci_markers_;
  const bool has_overlayfs_markers_;
  std::vector<Pair> pending_;
  std::unordered_map<NodeId, NodeId> added_;  // upper to base, of files with several names
};

}  // namespace

Layer::Layer() = default;
Layer::Layer(Tree own_tree) : tree(std::move(own_tree)) {}
Layer::Layer(Layer&&) noexcept = default;
Layer& Layer::operator=(Layer&&) noexcept = default;
Layer::~Layer() = default;

void lay_over(Tree& base, NodeId directory, Layer upper, Whiteouts whiteouts) {
  Overlay(base, directory, upper, whiteouts).run();
}

Tree tree_of(Layer layer) {
  if (layer.lower_links.empty()) return std::move(layer.tree);
  const LowerLink& link = layer.lower_links.front();
  throw Error(ErrorCode::Corrupt, fmt::format("{}: it is a hard link to {}, which does not exist",
                                              path_of(layer.tree, link.directory, link.name), link.target));
}

}  // namespace fstool

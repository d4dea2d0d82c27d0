#include "tree_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "blob_checks.h"
#include "check_run.h"
#include "damage.h"
#include "tree_diff.h"

namespace fstool::conformance {

namespace {

constexpr std::int64_t kCoarsestSeconds = 2;

void require_sound_node(const Node& node) {
  require(node.mtime.nanoseconds < 1'000'000'000, "a time has too many nanoseconds");
  require(node.permissions <= 07777, "a mode has more than twelve bits");
  require((node.kind == NodeKind::Symlink) == !node.target.empty(),
          "a symbolic link without a target, or the contrary");
  require(node.target.find('\0') == std::string::npos, "a symbolic link's target has a NUL");
  require(!node.content || node.kind == NodeKind::File, "what is no file has content");
  if (!node.xattrs) return;
  const bool sorted =
      std::ranges::adjacent_find(*node.xattrs, std::ranges::greater_equal(), &Xattr::name) == node.xattrs->end();
  require(sorted, "extended attributes are not sorted by name");
}

std::string describe(const TreeDifference& difference) {
  using Change = TreeDifference::Change;
  if (difference.change == Change::Added) return fmt::format("{} is there, and was not put in", difference.path);
  if (difference.change == Change::Removed) return fmt::format("{} is missing", difference.path);
  const FieldDifference& field = difference.fields.front();
  return fmt::format("{} has another {}: {} instead of {}", difference.path, diff_field_name(field.field), field.to,
                     field.from);
}

/// The nodes at the same paths of both trees.
using NodePairs = std::vector<std::pair<const Node*, const Node*>>;

void collect_pairs(const Tree& a, NodeId in_a, const Tree& b, NodeId in_b, NodePairs& pairs) {
  for (const DirEntry& entry : a.entries(in_a)) {
    const auto other = b.find(in_b, entry.name);
    if (!other) continue;
    const Node& node = a.node(entry.node);
    pairs.emplace_back(&node, &b.node(*other));
    if (node.kind == NodeKind::Directory) collect_pairs(a, entry.node, b, *other, pairs);
  }
}

/// True if values were lost and all files of the second tree have one and the same: the format has no such thing.
template <class Value>
bool keeps_none(const NodePairs& pairs, const Value& value) {
  const Node* first = nullptr;
  bool lost = false;
  for (const auto& [original, opened] : pairs) {
    if (opened->kind != NodeKind::File) continue;
    if (first == nullptr) first = opened;
    if (value(*opened) != value(*first)) return false;
    lost = lost || value(*original) != value(*opened);
  }
  return lost;
}

/// True if modes were lost, and files have no more than two of them, which depend on nothing else than the modes that
/// went in: the format knows whether a file is read-only, or not even that.
bool keeps_few_modes(const NodePairs& pairs) {
  std::map<std::uint16_t, std::uint16_t> kept_as;
  std::set<std::uint16_t> kept;
  bool lost = false;
  for (const auto& [original, opened] : pairs) {
    if (opened->kind == NodeKind::Symlink) continue;
    lost = lost || original->permissions != opened->permissions;
    if (opened->kind != NodeKind::File) continue;
    const auto known = kept_as.emplace(original->permissions, opened->permissions).first;
    if (known->second != opened->permissions) return false;
    kept.insert(opened->permissions);
  }
  return lost && kept.size() <= 2;
}
bool keeps_no_owners(const NodePairs& pairs) {
  return keeps_none(pairs, [](const Node& node) { return std::pair(node.uid, node.gid); });
}
bool keeps_no_times(const NodePairs& pairs) {
  return keeps_none(pairs, [](const Node& node) { return node.mtime; });
}
bool keeps_no_xattrs(const NodePairs& pairs) {
  return std::ranges::none_of(pairs, [](const auto& pair) { return pair.second->xattrs != nullptr; }) &&
         std::ranges::any_of(pairs, [](const auto& pair) { return pair.first->xattrs != nullptr; });
}
/// True if times are not exact, but no farther off than formats count, or the first or last that the format has.
bool keeps_coarse_times(const NodePairs& pairs) {
  Timestamp first{std::numeric_limits<std::int64_t>::max(), 0};
  Timestamp last{std::numeric_limits<std::int64_t>::min(), 0};
  for (const auto& [original, opened] : pairs) {
    first = std::min(first, opened->mtime);
    last = std::max(last, opened->mtime);
  }
  const auto is_exact = [](const auto& pair) { return pair.first->mtime == pair.second->mtime; };
  const auto is_near = [&](const auto& pair) {
    const Timestamp& before = pair.first->mtime;
    const Timestamp& after = pair.second->mtime;
    return std::abs(before.seconds - after.seconds) <= kCoarsestSeconds || (after == first && before < first) ||
           (after == last && before > last);
  };
  return !std::ranges::all_of(pairs, is_exact) && std::ranges::all_of(pairs, is_near);
}

}  // namespace

void require_sound(const Tree& tree, unsigned threads) {
  for (NodeId id = 0; id < tree.node_count(); ++id) {
    if (tree.links(id) == 0) continue;
    require_sound_node(tree.node(id));
    if (tree.node(id).content) require_consistent(*tree.node(id).content, id < 16 ? threads : 1);
  }
}

void require_plausible(const Tree& tree) {
  for (NodeId id = 0; id < tree.node_count(); ++id) {
    const Node& node = tree.node(id);
    require_sound_node(node);
    if (node.content) tolerate([&] { read_some(*node.content); });
  }
}

std::vector<std::string> require_same_tree(const Tree& original, const Tree& opened, Context& context) {
  NodePairs pairs;
  collect_pairs(original, Tree::kRoot, opened, Tree::kRoot, pairs);
  DiffOptions options;
  std::vector<std::string> lost;
  const auto leave_out = [&](bool leaves, DiffField field, const char* what) {
    if (!leaves) return;
    options.ignored.push_back(field);
    lost.emplace_back(what);
  };
  if (!pairs.empty()) {
    leave_out(keeps_few_modes(pairs), DiffField::Mode, "all modes");
    leave_out(keeps_no_owners(pairs), DiffField::Owner, "owners");
    leave_out(keeps_no_xattrs(pairs), DiffField::ExtendedAttributes, "extended attributes");
    if (keeps_no_times(pairs)) {
      leave_out(true, DiffField::Mtime, "times");
    } else {
      leave_out(keeps_coarse_times(pairs), DiffField::Mtime, "all times exactly");
    }
  }
  // The root of some formats has nothing but its names.
  for (const TreeDifference& difference : diff_trees(original, opened, options, context)) {
    if (difference.path != "/") throw Failure{describe(difference)};
  }
  return lost;
}

void require_equal_trees(const Tree& before, const Tree& after, Context& context) {
  const std::vector<TreeDifference> differences = diff_trees(before, after, {}, context);
  if (!differences.empty()) throw Failure{describe(differences.front())};
}

}  // namespace fstool::conformance

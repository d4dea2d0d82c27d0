#include "rules/hardlinks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "content_hash.h"
#include "fstool/error.h"
#include "node_copy.h"
#include "rules/name_walk.h"

namespace fstool {

namespace {

/// ext2 has the least: 32000.
constexpr std::uint32_t kMaxNames = 32'000;

/// A name that becomes one of another node.
struct Renaming {
  NodeId directory;
  std::string_view name;
  NodeId node;
};

void copy_links(Tree& tree) {
  std::vector<bool> has_first_name(tree.node_count());
  std::vector<Renaming> further;
  filter_names(tree, [&](const VisitedName& visited) {
    if (tree.node(visited.node).kind == NodeKind::Directory || tree.links(visited.node) == 1) return true;
    if (has_first_name[visited.node]) {
      further.push_back({visited.directory, visited.name, visited.node});
    } else {
      has_first_name[visited.node] = true;
    }
    return true;
  });
  for (const Renaming& name : further) {
    tree.remove(name.directory, name.name);
    tree.add(name.directory, name.name, copy_of(tree.node(name.node)));
  }
}

std::uint64_t size_of(const Node& node) { return node.content ? node.content->size() : 0; }

/// Makes equal files one.
class Deduplicator {
 public:
  Deduplicator(Tree& tree, Context& context) : tree_(tree), context_(context) {}

  void run() {
    find_candidates();
    if (files_.empty()) return;
    hash();
    join();
  }

 private:
  bool is_candidate(NodeId id) const {
    const Node& node = tree_.node(id);
    return tree_.links(id) > 0 && node.kind == NodeKind::File && size_of(node) > 0;
  }

  /// An order of what must be equal beside the content.
  bool is_before(NodeId a, NodeId b) const {
    const Node& left = tree_.node(a);
    const Node& right = tree_.node(b);
    const auto key = [](const Node& node) {
      return std::tuple(size_of(node), node.permissions, node.uid, node.gid, node.mtime);
    };
    if (key(left) != key(right)) return key(left) < key(right);
    if (left.xattrs == right.xattrs) return false;
    static const Xattrs none;
    return (left.xattrs ? *left.xattrs : none) < (right.xattrs ? *right.xattrs : none);
  }

  /// Files that are not the only ones with their size and attributes, in the order of these and of their numbers.
  void find_candidates() {
    std::vector<NodeId> all;
    for (std::size_t id = 0; id < tree_.node_count(); ++id) {
      if (is_candidate(static_cast<NodeId>(id))) all.push_back(static_cast<NodeId>(id));
    }
    std::ranges::stable_sort(all, [&](NodeId a, NodeId b) { return is_before(a, b); });
    for (std::size_t begin = 0; begin < all.size();) {
      std::size_t end = begin + 1;
      while (end < all.size() && !is_before(all[begin], all[end])) ++end;
      if (end - begin > 1) {
        files_.insert(files_.end(), all.begin() + static_cast<std::ptrdiff_t>(begin),
                      all.begin() + static_cast<std::ptrdiff_t>(end));
      }
      begin = end;
    }
  }

  void hash() {
    std::vector<BlobPtr> contents;
    contents.reserve(files_.size());
    for (const NodeId id : files_) contents.push_back(tree_.node(id).content);
    hashes_ = hash_contents(contents, HashAlgorithm::Sha256, context_);
  }

  /// Gives the names of later files to the first that is equal, in the order of a walk.
  void join() {
    std::unordered_map<NodeId, std::size_t> index_of;
    for (std::size_t i = 0; i < files_.size(); ++i) index_of.emplace(files_[i], i);
    std::vector<Renaming> renamings;
    filter_names(tree_, [&](const VisitedName& visited) {
      const auto found = index_of.find(visited.node);
      if (found == index_of.end()) return true;
      const ContentHash& hash = hashes_[found->second];
      if (hash.error) {
        with_context([&] { return fmt::format("/{}", visited.path); }, [&]() -> void { throw Error(*hash.error); });
      }
      const NodeId first = first_of(visited.node, hash.text);
      if (first != visited.node) renamings.push_back({visited.directory, visited.name, first});
      return true;
    });
    for (const Renaming& renaming : renamings) {
      tree_.remove(renaming.directory, renaming.name);
      tree_.link(renaming.directory, renaming.name, renaming.node);
    }
  }

  struct First {
    NodeId node;
    std::uint32_t names;
  };

  /// The file that `id` becomes one with; itself if it is the first.
  NodeId first_of(NodeId id, const std::string& hash) {
    const auto [known, is_new] = firsts_.try_emplace(Key{hash, id, this}, First{id, tree_.links(id)});
    First& first = known->second;
    if (is_new || first.node == id) return first.node;
    if (first.names >= kMaxNames) {
      first = {id, tree_.links(id)};
      return id;
    }
    ++first.names;
    return first.node;
  }

  struct Key {
    std::string_view hash;
    NodeId node;
    const Deduplicator* owner;

    bool operator<(const Key& other) const {
      return hash != other.hash ? hash < other.hash : owner->is_before(node, other.node);
    }
  };

  Tree& tree_;
  Context& context_;
  std::vector<NodeId> files_;
  std::vector<ContentHash> hashes_;  // of files_, in their order
  std::map<Key, First> firsts_;
};

}  // namespace

void apply_hard_links(Tree& tree, HardLinks links, Context& context) {
  if (links == HardLinks::Copy) copy_links(tree);
  if (links == HardLinks::Dedup) Deduplicator(tree, context).run();
}

}  // namespace fstool

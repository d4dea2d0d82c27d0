#include "fstool/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "block_array.h"
#include "fstool/error.h"
#include "sorted_entries.h"
#include "string_arena.h"

namespace fstool {
namespace {

constexpr std::uint32_t kNotADirectory = UINT32_MAX;
constexpr std::size_t kMaxNodes = UINT32_MAX - 1;
/// A block takes just under 4 KiB.
constexpr std::size_t kNodesInABlock = 32;

bool is_valid_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find_first_of(std::string_view("/\0", 2)) == name.npos;
}

}  // namespace

struct Tree::Directory {
  Directory(NodeId own_parent, std::string_view own_name) : parent(own_parent), name(own_name) {}

  NodeId parent;
  std::string_view name;  // empty for the root
  SortedEntries entries;
  // False while the entries lie in blocks. Then readers take the lock: the first that wants them all flattens them.
  std::atomic<bool> flat = true;
};

struct Tree::Slot {
  Node node;
  std::uint32_t links = 1;
  std::uint32_t directory = kNotADirectory;  // index into Impl::directories
};

struct Tree::Impl {
  BlockArray<Slot, kNodesInABlock> slots;
  std::deque<Directory> directories;
  StringArena names;
  std::mutex flattening;

  Slot& slot(NodeId id) {
    if (id >= slots.size()) throw Error(ErrorCode::Internal, fmt::format("the tree has no node {}", id));
    return slots[id];
  }

  Directory& directory(NodeId id) {
    const std::uint32_t index = slot(id).directory;
    if (index == kNotADirectory) throw Error(ErrorCode::InvalidArgument, fmt::format("node {} is not a directory", id));
    return directories[index];
  }

  std::string path(NodeId id) {
    std::vector<std::string_view> names_upwards;
    for (const Directory* at = &directory(id); !at->name.empty(); at = &directory(at->parent)) {
      names_upwards.push_back(at->name);
    }
    if (names_upwards.empty()) return "/";
    std::string result;
    for (auto name = names_upwards.rbegin(); name != names_upwards.rend(); ++name) {
      result += '/';
      result += *name;
    }
    return result;
  }

  std::string child_path(NodeId parent, std::string_view name) {
    std::string result = path(parent);
    if (result != "/") result += '/';
    return result += name;
  }

  /// Gives `id` the name, and returns where the name is kept.
  std::string_view add_entry(NodeId parent, std::string_view name, NodeId id) {
    Directory& holder = directory(parent);
    if (!is_valid_name(name)) {
      throw Error(
          ErrorCode::InvalidArgument,
          fmt::format("{}: \"{}\" can't be the name of a file: it must not be empty, \".\" or \"..\", or contain "
                      "\"/\" or NUL",
                      path(parent), name));
    }
    const std::string_view kept = names.keep(name);
    if (!holder.entries.insert({kept, id})) {
      names.drop_last(kept);
      throw Error(ErrorCode::InvalidArgument, fmt::format("{} exists already", child_path(parent, name)));
    }
    holder.flat.store(holder.entries.is_flat(), std::memory_order_release);
    return kept;
  }

  /// The entry of that name, for readers. Takes the lock only while the entries may still be flattened.
  std::optional<NodeId> find(NodeId id, std::string_view name) {
    Directory& holder = directory(id);
    std::unique_lock lock(flattening, std::defer_lock);
    if (!holder.flat.load(std::memory_order_acquire)) lock.lock();
    const DirEntry* const entry = holder.entries.find(name);
    return entry == nullptr ? std::nullopt : std::optional(entry->node);
  }

  std::span<const DirEntry> entries(NodeId id) {
    Directory& holder = directory(id);
    if (!holder.flat.load(std::memory_order_acquire)) {
      const std::lock_guard lock(flattening);
      holder.entries.flatten();
      holder.flat.store(true, std::memory_order_release);
    }
    return holder.entries.all();
  }
};

Tree::Tree() : impl_(std::make_unique<Impl>()) {
  Node root;
  root.kind = NodeKind::Directory;
  root.permissions = 0755;
  Slot& slot = impl_->slots.append();
  slot.node = std::move(root);
  slot.directory = 0;
  impl_->directories.emplace_back(kRoot, std::string_view());
}

Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;
Tree::~Tree() = default;

std::size_t Tree::node_count() const noexcept { return impl_->slots.size(); }

const Node& Tree::node(NodeId id) const { return impl_->slot(id).node; }
Node& Tree::node(NodeId id) { return impl_->slot(id).node; }

NodeId Tree::add(NodeId parent, std::string_view name, Node node) {
  if (impl_->slots.size() >= kMaxNodes) {
    throw Error(ErrorCode::Unsupported, fmt::format("a tree can't have more than {} files", kMaxNodes));
  }
  const auto id = static_cast<NodeId>(impl_->slots.size());
  const std::string_view kept = impl_->add_entry(parent, name, id);
  Slot& slot = impl_->slots.append();
  slot.node = std::move(node);
  if (slot.node.kind == NodeKind::Directory) {
    slot.directory = static_cast<std::uint32_t>(impl_->directories.size());
    impl_->directories.emplace_back(parent, kept);
  }
  return id;
}

void Tree::link(NodeId parent, std::string_view name, NodeId existing) {
  Slot& slot = impl_->slot(existing);
  if (slot.directory != kNotADirectory) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("{}: a directory can't have a second name, {}",
                                                        impl_->path(existing), impl_->child_path(parent, name)));
  }
  impl_->add_entry(parent, name, existing);
  ++slot.links;
}

bool Tree::remove(NodeId parent, std::string_view name) {
  Directory& holder = impl_->directory(parent);
  const std::optional<DirEntry> removed = holder.entries.erase(name);
  holder.flat.store(holder.entries.is_flat(), std::memory_order_release);
  if (!removed) return false;
  // A list instead of recursion: trees from images may be deeper than the stack.
  std::vector<NodeId> unlinked{removed->node};
  while (!unlinked.empty()) {
    Slot& slot = impl_->slot(unlinked.back());
    unlinked.pop_back();
    --slot.links;
    if (slot.directory == kNotADirectory) continue;
    Directory& directory = impl_->directories[slot.directory];
    directory.entries.flatten();
    for (const DirEntry& entry : directory.entries.all()) unlinked.push_back(entry.node);
    directory.entries = {};
    directory.flat.store(true, std::memory_order_release);
  }
  return true;
}

std::span<const DirEntry> Tree::entries(NodeId directory) const { return impl_->entries(directory); }

std::optional<NodeId> Tree::find(NodeId directory, std::string_view name) const { return impl_->find(directory, name); }

std::optional<NodeId> Tree::find_path(std::string_view path) const {
  NodeId at = kRoot;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (name.empty()) continue;
    if (impl_->slot(at).directory == kNotADirectory) return std::nullopt;
    const std::optional<NodeId> next = find(at, name);
    if (!next) return std::nullopt;
    at = *next;
  }
  return at;
}

std::uint32_t Tree::links(NodeId id) const { return impl_->slot(id).links; }

NodeId Tree::parent(NodeId directory) const { return impl_->directory(directory).parent; }

std::string Tree::path(NodeId directory) const { return impl_->path(directory); }

Timestamp Tree::newest_mtime() const {
  Timestamp newest = impl_->slots[kRoot].node.mtime;
  for (std::size_t id = 0; id < impl_->slots.size(); ++id) {
    const Slot& slot = impl_->slots[id];
    if (slot.links != 0) newest = std::max(newest, slot.node.mtime);
  }
  return newest;
}

}  // namespace fstool

#include "fstool/tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "fstool/error.h"

namespace fstool {

namespace {

constexpr std::size_t kArenaChunk = 64 * 1024;
/// Entries that were added out of order are kept apart until there are this many more than the square root of the rest.
constexpr std::size_t kTailBase = 64;

bool by_name(const DirEntry& a, const DirEntry& b) { return a.name < b.name; }

bool is_valid_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

/// Keeps names where they never move.
class NameArena {
 public:
  std::string_view store(std::string_view name) {
    if (name.size() > left_) {
      const std::size_t bytes = std::max(kArenaChunk, name.size());
      chunks_.push_back(std::make_unique<char[]>(bytes));
      next_ = chunks_.back().get();
      left_ = bytes;
    }
    std::memcpy(next_, name.data(), name.size());
    const std::string_view stored(next_, name.size());
    next_ += name.size();
    left_ -= name.size();
    return stored;
  }

 private:
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace

/// The entries of a directory: a sorted part, and behind it those that came out of order and were not yet merged in.
struct Tree::Directory {
  NodeId parent = kRoot;
  std::size_t sorted = 0;
  std::vector<DirEntry> entries;
  std::atomic<bool> has_tail = false;

  void merge() {
    const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(sorted);
    std::sort(middle, entries.end(), by_name);
    std::inplace_merge(entries.begin(), middle, entries.end(), by_name);
    sorted = entries.size();
    has_tail.store(false, std::memory_order_release);
  }

  std::vector<DirEntry>::iterator find(std::string_view name) {
    const auto middle = entries.begin() + static_cast<std::ptrdiff_t>(sorted);
    const auto at = std::lower_bound(entries.begin(), middle, DirEntry{name, 0}, by_name);
    if (at != middle && at->name == name) return at;
    return std::find_if(middle, entries.end(), [&](const DirEntry& entry) { return entry.name == name; });
  }

  void insert(DirEntry entry) {
    const bool in_order = sorted == entries.size() && (entries.empty() || entries.back().name < entry.name);
    entries.push_back(entry);
    if (in_order) {
      sorted = entries.size();
      return;
    }
    has_tail.store(true, std::memory_order_relaxed);
    const auto limit = kTailBase + static_cast<std::size_t>(std::sqrt(static_cast<double>(entries.size())));
    if (entries.size() - sorted > limit) merge();
  }
};

/// A node with what the Tree knows about it.
struct Tree::Slot {
  Node node;
  std::uint32_t links = 0;
  std::unique_ptr<Directory> directory;
};

struct Tree::Impl {
  std::deque<Slot> slots;
  NameArena names;
  std::mutex merging;

  Slot& slot(NodeId id) {
    if (id >= slots.size()) throw Error(ErrorCode::Internal, fmt::format("there is no node {} in the tree", id));
    return slots[id];
  }
  Directory& directory(NodeId id) {
    Directory* found = slot(id).directory.get();
    if (found == nullptr) throw Error(ErrorCode::InvalidArgument, fmt::format("node {} is not a directory", id));
    return *found;
  }
  /// The directory with its entries sorted; safe to call from several threads.
  Directory& sorted_directory(NodeId id) {
    Directory& found = directory(id);
    if (found.has_tail.load(std::memory_order_acquire)) {
      const std::lock_guard lock(merging);
      if (found.has_tail.load(std::memory_order_relaxed)) found.merge();
    }
    return found;
  }
  void add_name(NodeId parent, std::string_view name, NodeId id) {
    directory(parent).insert({names.store(name), id});
    ++slot(id).links;
  }
};

Tree::Tree() : impl_(std::make_unique<Impl>()) {
  Slot& root = impl_->slots.emplace_back();
  root.node.kind = NodeKind::Directory;
  root.node.permissions = 0755;
  root.links = 1;
  root.directory = std::make_unique<Directory>();
}

Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;
Tree::~Tree() = default;

std::size_t Tree::node_count() const noexcept { return impl_->slots.size(); }
const Node& Tree::node(NodeId id) const { return impl_->slot(id).node; }
Node& Tree::node(NodeId id) { return impl_->slot(id).node; }

NodeId Tree::add(NodeId parent, std::string_view name, Node node) {
  if (!is_valid_name(name)) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("\"{}\" is not a valid file name", name));
  }
  Directory& directory = impl_->directory(parent);
  if (directory.find(name) != directory.entries.end()) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("{} has an entry \"{}\" already", path(parent), name));
  }
  if (impl_->slots.size() >= 0xFFFFFFFE) throw Error(ErrorCode::Unsupported, "a tree holds at most 2^32 - 2 nodes");
  const auto id = static_cast<NodeId>(impl_->slots.size());
  Slot& slot = impl_->slots.emplace_back();
  slot.node = std::move(node);
  if (slot.node.kind == NodeKind::Directory) {
    slot.directory = std::make_unique<Directory>();
    slot.directory->parent = parent;
  }
  impl_->add_name(parent, name, id);
  return id;
}

void Tree::link(NodeId parent, std::string_view name, NodeId existing) {
  if (!is_valid_name(name)) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("\"{}\" is not a valid file name", name));
  }
  if (impl_->slot(existing).directory) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("\"{}\" would be a second name of a directory", name));
  }
  Directory& directory = impl_->directory(parent);
  if (directory.find(name) != directory.entries.end()) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("{} has an entry \"{}\" already", path(parent), name));
  }
  impl_->add_name(parent, name, existing);
}

bool Tree::remove(NodeId parent, std::string_view name) {
  Directory& directory = impl_->directory(parent);
  const auto entry = directory.find(name);
  if (entry == directory.entries.end()) return false;
  std::vector<NodeId> pending = {entry->node};
  if (static_cast<std::size_t>(entry - directory.entries.begin()) < directory.sorted) --directory.sorted;
  directory.entries.erase(entry);
  while (!pending.empty()) {
    Slot& slot = impl_->slot(pending.back());
    pending.pop_back();
    --slot.links;
    if (!slot.directory) continue;
    for (const DirEntry& child : slot.directory->entries) pending.push_back(child.node);
    slot.directory->entries.clear();
    slot.directory->sorted = 0;
    slot.directory->has_tail = false;
  }
  return true;
}

std::span<const DirEntry> Tree::entries(NodeId directory) const { return impl_->sorted_directory(directory).entries; }

std::optional<NodeId> Tree::find(NodeId directory, std::string_view name) const {
  // Not sorted_directory(): a builder that asks before each add would merge each time.
  Directory& found = impl_->directory(directory);
  std::unique_lock lock(impl_->merging, std::defer_lock);
  if (found.has_tail.load(std::memory_order_acquire)) lock.lock();
  const auto entry = found.find(name);
  return entry == found.entries.end() ? std::nullopt : std::optional(entry->node);
}

std::optional<NodeId> Tree::find_path(std::string_view path) const {
  NodeId at = kRoot;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    if (name.empty()) continue;
    if (!impl_->slot(at).directory) return std::nullopt;
    const auto next = find(at, name);
    if (!next) return std::nullopt;
    at = *next;
  }
  return at;
}

std::uint32_t Tree::links(NodeId id) const { return impl_->slot(id).links; }
NodeId Tree::parent(NodeId directory) const { return impl_->directory(directory).parent; }

std::string Tree::path(NodeId directory) const {
  std::vector<std::string_view> names;
  for (NodeId at = directory; at != kRoot; at = parent(at)) {
    const std::span<const DirEntry> siblings = entries(parent(at));
    const auto entry = std::find_if(siblings.begin(), siblings.end(), [&](const DirEntry& e) { return e.node == at; });
    names.push_back(entry == siblings.end() ? std::string_view("(removed)") : entry->name);
  }
  if (names.empty()) return "/";
  std::string path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) path.append("/").append(*name);
  return path;
}

Timestamp Tree::newest_mtime() const {
  Timestamp newest = node(kRoot).mtime;
  for (const Slot& slot : impl_->slots) {
    if (slot.links > 0) newest = std::max(newest, slot.node.mtime);
  }
  return newest;
}

}  // namespace fstool

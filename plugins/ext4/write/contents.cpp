#include "write/contents.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/inode.h"
#include "write/block_map.h"

namespace fstool::ext4 {

namespace {

constexpr std::string_view kLostAndFound = "lost+found";
/// Size of an empty lost+found: room for e2fsck to put orphans into without allocating.
constexpr std::uint32_t kLostAndFoundBytes = 16 * 1024;
constexpr std::uint32_t kMaxDirectBlocks = 12;
/// EXT4_LINK_MAX.
constexpr std::uint32_t kMaxLinks = 65000;
constexpr std::size_t kMaxNameBytes = 255;
constexpr NodeId kNoNode = 0xFFFFFFFF;
/// How much is read at once where contents have to be looked at: a multiple of every block size.
constexpr std::uint64_t kScanBytes = 1024 * 1024;

std::string child_path(const Tree& tree, NodeId parent, std::string_view name) {
  const std::string directory = tree.path(parent);
  return directory == "/" ? fmt::format("/{}", name) : fmt::format("{}/{}", directory, name);
}

/// The first entry whose name sorts behind lost+found.
std::span<const DirEntry>::iterator behind_lost_and_found(std::span<const DirEntry> entries) {
  return std::ranges::upper_bound(entries, kLostAndFound, {}, &DirEntry::name);
}

/// The entries of a node's directory.
class TreeEntries : public DirectoryEntries {
 public:
  TreeEntries(const Contents& contents, NodeId directory, bool add_lost_and_found)
      : contents_(contents), entries_(contents.tree().entries(directory)) {
    if (!add_lost_and_found) return;
    added_at_ = static_cast<std::size_t>(behind_lost_and_found(entries_) - entries_.begin());
  }

  std::size_t size() const override { return entries_.size() + (added_at_ ? 1 : 0); }
  NamedInode at(std::size_t index) const override {
    if (index == added_at_) return {kLostAndFound, kFirstInode, directory_file_type(NodeKind::Directory)};
    const DirEntry& entry = entries_[added_at_ && index > *added_at_ ? index - 1 : index];
    return {entry.name, contents_.inode_of(entry.node), directory_file_type(contents_.tree().node(entry.node).kind)};
  }

 private:
  const Contents& contents_;
  std::span<const DirEntry> entries_;
  std::optional<std::size_t> added_at_;  // where lost+found is put in
};

class NoEntries : public DirectoryEntries {
 public:
  std::size_t size() const override { return 0; }
  NamedInode at(std::size_t /*index*/) const override {
    throw Error(ErrorCode::Internal, "an empty directory has no entries");
  }
};

/// A symlink's target fits into the inode with a NUL behind it.
bool is_fast_symlink(const Node& node) { return node.target.size() < kInodeBlockBytes; }

}  // namespace

Contents::Contents(std::shared_ptr<const Tree> tree, const Profile& profile, Context& context)
    : tree_(std::move(tree)), profile_(profile) {
  number_nodes();
  number_value_inodes();
  context.check_cancelled();
  if (profile_.zeros_are_holes) find_zero_blocks(context);
  measure_directories();
  measure_data();
}

std::uint64_t Contents::blocks_of(std::uint64_t bytes) const { return div_ceil(bytes, profile_.block_size); }

void Contents::check_node(NodeId id, std::string_view name, NodeId parent) const {
  const Node& node = tree_->node(id);
  const auto refuse = [&](std::string_view why) {
    throw Error(ErrorCode::Unsupported, fmt::format("ext4 can't hold {}: {}", child_path(*tree_, parent, name), why));
  };
  if (name.size() > kMaxNameBytes) refuse(fmt::format("its name has {} bytes, the limit is 255", name.size()));
  if (node.kind == NodeKind::Symlink && node.target.size() >= profile_.block_size) {
    refuse(
        fmt::format("a symlink's target must be shorter than a block, and this one has {} bytes; use a larger "
                    "block_size",
                    node.target.size()));
  }
  if (node.kind == NodeKind::File && node.content && blocks_of(node.content->size()) > max_file_blocks(profile_)) {
    refuse(fmt::format("it has {} and the limit with these features is {}", format_size(node.content->size()),
                       format_size(max_file_blocks(profile_) * profile_.block_size)));
  }
  if (node.xattrs && !node.xattrs->empty() && !profile_.features.has_compat(kCompatExtAttr)) {
    refuse("it has extended attributes, and the features say ^ext_attr");
  }
  if (node.kind != NodeKind::Directory && tree_->links(id) > kMaxLinks) {
    refuse(fmt::format("it has {} names, the limit for hard links is {}", tree_->links(id), kMaxLinks));
  }
  if (node.device.major >= 1U << 12 || node.device.minor >= 1U << 20) {
    refuse(fmt::format("device number {}:{} is beyond 4095:1048575", node.device.major, node.device.minor));
  }
}

// Directories are visited depth first, in the order of their names; the entries of a directory are numbered together.
void Contents::number_nodes() {
  constexpr std::size_t kWithoutNode = 2;  // lost+found and the orphan file
  node_of_.reserve(tree_->node_count() + kWithoutNode);
  inode_of_.resize(tree_->node_count());
  inode_of_[Tree::kRoot] = kRootInode;
  node_of_.push_back(kNoNode);  // lost+found
  const auto existing = tree_->find(Tree::kRoot, kLostAndFound);
  const bool has_lost_and_found = existing && tree_->node(*existing).kind == NodeKind::Directory;
  if (has_lost_and_found) {
    inode_of_[*existing] = kFirstInode;
    node_of_.front() = *existing;
  } else if (existing && profile_.has_lost_and_found) {
    throw Error(ErrorCode::Unsupported,
                "ext4 needs the name /lost+found for a directory, and the source has it for "
                "something else; rename or exclude it, or set lost_found = false");
  } else if (profile_.has_lost_and_found) {
    adds_lost_and_found_ = true;
  } else {
    node_of_.clear();
  }
  if (profile_.has_orphan_file()) {
    orphan_file_inode_ = static_cast<std::uint32_t>(kFirstInode + node_of_.size());
    node_of_.push_back(kNoNode);
  }

  const auto register_named = [&](NodeId id, NodeId parent, std::string_view name) {
    with_context([&] { return child_path(*tree_, parent, name); }, [&] { register_xattrs(inode_of_[id], id); });
  };
  register_named(Tree::kRoot, Tree::kRoot, "");
  if (has_lost_and_found) register_named(*existing, Tree::kRoot, kLostAndFound);

  std::vector<NodeId> pending = {Tree::kRoot};
  while (!pending.empty()) {
    const NodeId directory = pending.back();
    pending.pop_back();
    directory_order_.push_back(directory);
    const std::span<const DirEntry> entries = tree_->entries(directory);
    std::uint32_t subdirectories = 0;
    for (const DirEntry& entry : entries) {
      const Node& node = tree_->node(entry.node);
      if (node.kind == NodeKind::Directory) ++subdirectories;
      if (node.kind != NodeKind::Directory && inode_of_[entry.node] != 0) continue;  // a further name
      check_node(entry.node, entry.name, directory);
      if (inode_of_[entry.node] != 0) continue;  // lost+found
      inode_of_[entry.node] = static_cast<std::uint32_t>(kFirstInode + node_of_.size());
      node_of_.push_back(entry.node);
      register_named(entry.node, directory, entry.name);
      if (node.kind == NodeKind::File && node.content) {
        file_bytes_ += node.content->size();
        has_large_file_ = has_large_file_ || node.content->size() > kMaxSmallFile;
      }
    }
    if (subdirectories > kMaxLinks - 2 && !profile_.features.has_ro_compat(kRoCompatDirNlink)) {
      throw Error(ErrorCode::Unsupported,
                  fmt::format("{} has {} subdirectories, and without the feature dir_nlink the limit is {}",
                              tree_->path(directory), subdirectories, kMaxLinks - 2));
    }
    if (subdirectories > 0) subdirectories_[directory] = subdirectories;
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      if (tree_->node(entry->node).kind == NodeKind::Directory) pending.push_back(entry->node);
    }
  }
  last_inode_ = static_cast<std::uint32_t>(kFirstInode + node_of_.size() - 1);
}

std::size_t Contents::inline_capacity(std::uint32_t inode) const {
  if (!profile_.has_inline_data()) return 0;
  if (const XattrSet* set = xattrs(inode)) return inline_data_capacity(set->placement.inode_room);
  return inline_data_capacity(place_xattrs({}, profile_.inode_xattr_space(), profile_.block_size, false).inode_room);
}

bool Contents::is_inline_file(std::uint32_t inode) const {
  const auto id = node_of(inode);
  if (!profile_.has_inline_data() || !id) return false;
  const Node& node = tree_->node(*id);
  return node.kind == NodeKind::File && node.content && node.content->size() > 0 &&
         node.content->size() <= inline_capacity(inode);
}

void Contents::find_zero_blocks(Context& context) {
  context.begin_step("looking for blocks of zeros", file_bytes_, "bytes");
  std::mutex mutex;
  std::vector<std::vector<std::byte>> buffers(context.workers().size(), std::vector<std::byte>(kScanBytes));
  context.workers().for_each(last_inode_ - kFirstInode + 1, [&](std::uint64_t index, unsigned worker) {
    const auto inode = static_cast<std::uint32_t>(kFirstInode + index);
    const auto id = node_of(inode);
    const std::uint64_t size = data_size(inode);
    if (!id || size == 0 || tree_->node(*id).kind != NodeKind::File) return;
    const std::uint64_t block_size = profile_.block_size;
    std::vector<Extent> stored;
    std::uint64_t stored_blocks = 0;
    const Blob& content = *tree_->node(*id).content;
    for (const DataExtent& data : data_extents(content, 0, size, block_size)) {
      for (std::uint64_t done = 0; done < data.length; done += kScanBytes) {
        const std::uint64_t at = data.offset + done;
        const auto bytes = std::span(buffers[worker]).first(std::min<std::uint64_t>(kScanBytes, data.length - done));
        content.read(at, bytes);
        context.advance(bytes.size());
        for (std::uint64_t from = 0; from < bytes.size(); from += block_size) {
          if (is_zero(bytes.subspan(from, std::min<std::uint64_t>(block_size, bytes.size() - from)))) continue;
          const std::uint64_t logical = (at + from) / block_size;
          ++stored_blocks;
          if (!stored.empty() && stored.back().logical + stored.back().length == logical) {
            ++stored.back().length;
          } else {
            stored.push_back({logical, 0, 1});
          }
        }
      }
    }
    if (stored_blocks == blocks_of(size)) return;
    const std::lock_guard lock(mutex);
    nonzero_.emplace(*id, std::move(stored));
  });
}

void Contents::measure_directories() {
  directories_.reserve(directory_order_.size() + 1);
  const auto add = [&](Directory directory) {
    directory.first_block = directory_blocks_;
    directory_blocks_ += directory.layout.blocks;
    directory_index_[directory.owner.inode] = static_cast<std::uint32_t>(directories_.size());
    directories_.push_back(std::move(directory));
  };
  const std::uint32_t spare = std::clamp(kLostAndFoundBytes / profile_.block_size, 1U, kMaxDirectBlocks);
  const auto is_lost_and_found = [&](NodeId id) {
    return id != Tree::kRoot && tree_->parent(id) == Tree::kRoot && tree_->find(Tree::kRoot, kLostAndFound) == id;
  };
  // The kernel mounts nothing whose root has no blocks (ext4_fill_super() in fs/ext4/super.c). lost+found must be able
  // to take names without an allocation.
  const auto inline_room_of = [&](const Directory& directory) -> std::optional<std::size_t> {
    const std::size_t capacity = inline_capacity(directory.owner.inode);
    if (capacity == 0 || directory.node == Tree::kRoot || is_lost_and_found(directory.node)) return std::nullopt;
    return capacity - kInodeBlockBytes;
  };
  const auto add_made_up = [&] {
    Directory directory;
    directory.owner = {kFirstInode, kRootInode};
    directory.layout.blocks = spare;
    add(std::move(directory));
  };
  // A lost+found that is made up stands where one of the tree would.
  std::optional<NodeId> next_to_made_up;
  if (adds_lost_and_found_) {
    const std::span<const DirEntry> entries = tree_->entries(Tree::kRoot);
    const auto next = std::find_if(behind_lost_and_found(entries), entries.end(), [&](const DirEntry& entry) {
      return tree_->node(entry.node).kind == NodeKind::Directory;
    });
    if (next != entries.end()) next_to_made_up = next->node;
  }
  for (const NodeId id : directory_order_) {
    if (id == next_to_made_up) add_made_up();
    Directory directory;
    directory.node = id;
    directory.owner = {inode_of_[id], inode_of_[tree_->parent(id)]};
    directory.layout =
        with_context([&] { return fmt::format("directory {}", tree_->path(id)); },
                     [&] { return plan_directory(*entries(directory), profile_, inline_room_of(directory)); });
    if (is_lost_and_found(id) && tree_->entries(id).empty()) directory.layout.blocks = spare;
    add(std::move(directory));
  }
  if (adds_lost_and_found_ && !next_to_made_up) add_made_up();
}

// Layouts are tried out until one fits; each asks for the blocks of every file.
void Contents::measure_data() {
  whole_blocks_.resize(last_inode_ - kFirstInode + 1);
  std::vector<Extent> extents;
  for (std::uint32_t inode = kFirstInode; inode <= last_inode_; ++inode) {
    const std::uint64_t blocks = blocks_of(data_size(inode));
    if (blocks == 0) continue;
    find_data_extents(inode, extents);
    const bool whole = extents.size() == 1 && extents.front().logical == 0 && extents.front().length == blocks;
    whole_blocks_[inode - kFirstInode] = whole && blocks < kHasHoles ? static_cast<std::uint32_t>(blocks) : kHasHoles;
  }
}

// Sets are told apart by their content. A set that needs a block gets one for every kXattrMaxReferences inodes; inodes
// are registered in ascending order, so that a block's users are the inodes up to the next block's first.
void Contents::register_xattrs(std::uint32_t inode, NodeId id) {
  const Node& node = tree_->node(id);
  if (!node.xattrs || node.xattrs->empty()) return;
  const auto [by_pointer, new_pointer] = xattr_set_of_.try_emplace(node.xattrs.get(), 0);
  if (new_pointer) {
    const auto index = static_cast<std::uint32_t>(xattr_sets_.size());
    const auto [by_value, new_value] = xattr_set_by_value_.try_emplace(*node.xattrs, index);
    if (new_value) {
      XattrSet set;
      set.placement =
          place_xattrs(*node.xattrs, profile_.inode_xattr_space(), profile_.block_size, profile_.allows_value_inodes);
      xattr_sets_.push_back(std::move(set));
    }
    by_pointer->second = by_value->second;
  }
  XattrSet& set = xattr_sets_[by_pointer->second];
  if (!set.placement.needs_block()) return;
  if (set.blocks.empty() || set.blocks.back().references == kXattrMaxReferences) {
    set.blocks.push_back({inode, 0, {}, xattr_blocks_++});
  }
  ++set.blocks.back().references;
}

void Contents::number_value_inodes() {
  first_value_inode_ = last_inode_ + 1;
  for (XattrSet& set : xattr_sets_) {
    for (XattrBlock& block : set.blocks) {
      for (const StoredXattr& xattr : set.placement.in_own_inodes) {
        values_.push_back(&xattr.value);
        block.value_inodes.push_back(++last_inode_);
      }
    }
  }
}

std::optional<NodeId> Contents::node_of(std::uint32_t inode) const {
  if (inode == kRootInode) return Tree::kRoot;
  if (inode < kFirstInode || inode - kFirstInode >= node_of_.size()) return std::nullopt;
  const NodeId id = node_of_[inode - kFirstInode];
  return id == kNoNode ? std::nullopt : std::optional(id);
}

const std::string* Contents::attribute_value(std::uint32_t inode) const {
  if (inode < first_value_inode_ || inode > last_inode_) return nullptr;
  return values_[inode - first_value_inode_];
}

const Directory* Contents::directory(std::uint32_t inode) const {
  const auto found = directory_index_.find(inode);
  return found == directory_index_.end() ? nullptr : &directories_[found->second];
}

std::uint16_t Contents::links_count(NodeId id) const {
  std::uint64_t links = tree_->links(id);
  if (tree_->node(id).kind == NodeKind::Directory) {
    const auto found = subdirectories_.find(id);
    links = 2 + std::uint64_t{found == subdirectories_.end() ? 0 : found->second};
    if (id == Tree::kRoot && adds_lost_and_found_) ++links;
    if (links > kMaxLinks) links = 1;  // feature dir_nlink: not counted
  }
  return static_cast<std::uint16_t>(links);
}

const XattrSet* Contents::xattrs(std::uint32_t inode) const {
  const auto id = node_of(inode);
  if (!id) return nullptr;
  const auto& xattrs = tree_->node(*id).xattrs;
  if (!xattrs || xattrs->empty()) return nullptr;
  return &xattr_sets_[xattr_set_of_.at(xattrs.get())];
}

const XattrBlock* Contents::xattr_block(std::uint32_t inode) const {
  const XattrSet* set = xattrs(inode);
  if (set == nullptr || set->blocks.empty()) return nullptr;
  const auto after =
      std::upper_bound(set->blocks.begin(), set->blocks.end(), inode,
                       [](std::uint32_t value, const XattrBlock& block) { return value < block.first_inode; });
  return &*std::prev(after);
}

std::uint64_t Contents::data_size(std::uint32_t inode) const {
  if (const std::string* value = attribute_value(inode)) return value->size();
  const auto id = node_of(inode);
  if (!id) return 0;
  const Node& node = tree_->node(*id);
  if (node.kind == NodeKind::File && node.content) return is_inline_file(inode) ? 0 : node.content->size();
  if (node.kind == NodeKind::Symlink && !is_fast_symlink(node)) return node.target.size();
  return 0;
}

std::uint64_t Contents::data_blocks(std::uint32_t inode) const {
  const std::uint32_t blocks = whole_blocks_[inode - kFirstInode];
  return blocks == kHasHoles ? blocks_of(data_size(inode)) : blocks;
}

void Contents::data_extents_of(std::uint32_t inode, std::vector<Extent>& out) const {
  const std::uint32_t blocks = whole_blocks_[inode - kFirstInode];
  if (blocks == kHasHoles) return find_data_extents(inode, out);
  out.clear();
  if (blocks > 0) out.push_back({0, 0, blocks});
}

void Contents::find_data_extents(std::uint32_t inode, std::vector<Extent>& out) const {
  out.clear();
  const std::uint64_t size = data_size(inode);
  if (size == 0) return;
  const auto id = node_of(inode);
  const Blob* content = id && tree_->node(*id).kind == NodeKind::File ? tree_->node(*id).content.get() : nullptr;
  if (const auto found = nonzero_.find(id.value_or(kNoNode)); found != nonzero_.end()) {
    out = found->second;
    return;
  }
  if (content != nullptr) {
    const Run run = content->run_at(0);
    if (run.hole || run.length < size) {
      for (const DataExtent& data : data_extents(*content, 0, size, profile_.block_size)) {
        out.push_back({data.offset / profile_.block_size, 0, blocks_of(data.length)});
      }
      return;
    }
  }
  out.push_back({0, 0, blocks_of(size)});
}

std::unique_ptr<DirectoryEntries> Contents::entries(const Directory& directory) const {
  if (is_made_up_lost_and_found(directory.owner.inode)) return std::make_unique<NoEntries>();
  return std::make_unique<TreeEntries>(*this, directory.node, directory.node == Tree::kRoot && adds_lost_and_found_);
}

}  // namespace fstool::ext4

#include "write/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <tuple>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/checksum_seed.h"
#include "ondisk/directory_block.h"
#include "ondisk/inode.h"

namespace fstool::ext4 {

namespace {

std::size_t record_bytes(std::size_t name_bytes) { return round_up(sizeof(EntryHeader) + name_bytes, kEntryAlignment); }

/// How much the blocks of a directory hold.
class Capacity {
 public:
  explicit Capacity(const Profile& profile) : profile_(profile) {}

  /// Bytes for the entries of a list or leaf.
  std::size_t leaf() const { return profile_.block_size - (profile_.has_checksums() ? sizeof(BlockTail) : 0); }
  /// Index entries, the one that holds the limit included, behind `offset` bytes of a block.
  std::size_t index(std::size_t offset) const {
    return (profile_.block_size - offset - (profile_.has_checksums() ? sizeof(IndexTail) : 0)) / sizeof(IndexEntry);
  }
  std::size_t root() const { return index(kRootEntriesOffset); }
  std::size_t node() const { return index(kNodeEntriesOffset); }

 private:
  const Profile& profile_;
};

/// The numbers of index nodes, from the level below the root down to the one above the leaves; none if the root names
/// all leaves.
std::vector<std::size_t> node_levels(std::size_t leaves, const Capacity& capacity) {
  std::vector<std::size_t> levels;
  for (std::size_t children = leaves; children > capacity.root();) {
    children = div_ceil(children, capacity.node());
    levels.insert(levels.begin(), children);
  }
  return levels;
}

/// Records of entries that fill a stretch of bytes: a block, or a part of an inode.
class EntryWriter {
 public:
  /// The entries end `limit` bytes into `out`.
  EntryWriter(std::span<std::byte> out, std::size_t limit, const Profile& profile)
      : out_(out), limit_(limit), profile_(profile) {}

  void add(std::string_view name, std::uint32_t inode, std::uint8_t file_type) {
    last_ = next_;
    header_ = {};
    header_.inode = inode;
    header_.name_length = static_cast<std::uint8_t>(name.size());
    header_.file_type = profile_.has_filetype() ? file_type : std::uint8_t{0};
    write_header(record_bytes(name.size()));
    std::memcpy(out_.data() + last_ + sizeof(EntryHeader), name.data(), name.size());
    next_ += record_bytes(name.size());
  }
  void add(const NamedInode& entry) { add(entry.name, entry.inode, entry.file_type); }

  bool has_room(std::string_view name) const { return next_ + record_bytes(name.size()) <= limit_; }

  /// The last entry takes the rest; without any, an unused entry does.
  void finish() {
    if (next_ == 0) header_ = {};
    write_header(limit_ - last_);
  }

 private:
  void write_header(std::size_t record_length) {
    header_.record_length = encode_record_length(record_length, profile_.block_size);
    std::memcpy(out_.data() + last_, &header_, sizeof(header_));
  }

  std::span<std::byte> out_;
  std::size_t limit_;
  const Profile& profile_;
  std::size_t last_ = 0;
  std::size_t next_ = 0;
  EntryHeader header_{};
};

void add_dots(EntryWriter& block, DirectoryOwner owner) {
  block.add(".", owner.inode, directory_file_type(NodeKind::Directory));
  block.add("..", owner.parent, directory_file_type(NodeKind::Directory));
}

void write_block_tail(std::span<std::byte> out, std::uint32_t inode_seed) {
  const std::size_t at = out.size() - sizeof(BlockTail);
  BlockTail tail{};
  tail.record_length = sizeof(BlockTail);
  tail.file_type = kTailFileType;
  tail.checksum = crc32c(inode_seed, out.first(at));
  std::memcpy(out.data() + at, &tail, sizeof(tail));
}

/// Writes limit, count and the entries of an index block, and its checksum.
void write_index(std::span<std::byte> out, std::size_t entries_offset, std::span<const IndexEntry> entries,
                 const Profile& profile, std::uint32_t inode) {
  const std::size_t limit = Capacity(profile).index(entries_offset);
  std::memcpy(out.data() + entries_offset, entries.data(), entries.size_bytes());
  IndexLimit counts{};
  counts.limit = static_cast<std::uint16_t>(limit);
  counts.count = static_cast<std::uint16_t>(entries.size());
  std::memcpy(out.data() + entries_offset, &counts, sizeof(counts));
  if (!profile.has_checksums()) return;

  // The checksum covers what is in use, then the tail with a zero in place of the checksum.
  IndexTail tail{};
  std::uint32_t crc = crc32c(profile.inode_checksum_seed(inode), out.first(entries_offset + entries.size_bytes()));
  crc = crc32c(crc, bytes_of(tail));
  tail.checksum = crc;
  std::memcpy(out.data() + entries_offset + limit * sizeof(IndexEntry), &tail, sizeof(tail));
}

/// The blocks of the hash tree above the leaves. Blocks are numbered level by level from the root's 0 on.
class IndexWriter {
 public:
  IndexWriter(const Leaves& leaves, DirectoryOwner owner, const Profile& profile)
      : leaves_(leaves),
        owner_(owner),
        profile_(profile),
        capacity_(profile),
        levels_(node_levels(leaves.hash.size(), capacity_)) {}

  std::size_t blocks() const { return first_block(levels_.size()); }

  void write(std::size_t index, std::span<std::byte> out) const {
    if (index == 0) return write_root(out);
    std::size_t level = 0;
    while (index >= first_block(level + 1)) ++level;
    write_node(level, index - first_block(level), out);
  }

 private:
  /// The first block of a level below the root; of the leaves, for the level after the last.
  std::size_t first_block(std::size_t level) const {
    return std::accumulate(levels_.begin(), levels_.begin() + static_cast<std::ptrdiff_t>(level), std::size_t{1});
  }

  /// Leaves below one child of a node of `level` (levels_.size(): of the last level's own children, the leaves).
  std::size_t leaves_per_block(std::size_t level) const {
    std::size_t leaves = 1;
    for (std::size_t below = level; below < levels_.size(); ++below) leaves *= capacity_.node();
    return leaves;
  }

  /// The entries for blocks `begin` … `end` of a level.
  std::vector<IndexEntry> entries_of(std::size_t level, std::size_t begin, std::size_t end) const {
    std::vector<IndexEntry> entries;
    for (std::size_t child = begin; child < end; ++child) {
      IndexEntry entry{};
      entry.hash = leaves_.hash[child * leaves_per_block(level)];
      entry.block = static_cast<std::uint32_t>(first_block(level) + child);
      entries.push_back(entry);
    }
    return entries;
  }

  std::size_t blocks_of(std::size_t level) const {
    return level < levels_.size() ? levels_[level] : leaves_.hash.size();
  }

  void write_root(std::span<std::byte> out) const {
    EntryWriter dots(out, out.size(), profile_);
    add_dots(dots, owner_);
    dots.finish();
    IndexRootInfo info{};
    info.hash_version = static_cast<std::uint8_t>(profile_.hasher.version);
    info.info_length = sizeof(info);
    info.indirect_levels = static_cast<std::uint8_t>(levels_.size());
    std::memcpy(out.data() + 2 * kDotBytes, &info, sizeof(info));
    write_index(out, kRootEntriesOffset, entries_of(0, 0, blocks_of(0)), profile_, owner_.inode);
  }

  void write_node(std::size_t level, std::size_t node, std::span<std::byte> out) const {
    EntryWriter empty(out, out.size(), profile_);
    empty.finish();
    const std::size_t begin = node * capacity_.node();
    const std::size_t end = std::min(begin + capacity_.node(), blocks_of(level + 1));
    write_index(out, kNodeEntriesOffset, entries_of(level + 1, begin, end), profile_, owner_.inode);
  }

  const Leaves& leaves_;
  DirectoryOwner owner_;
  const Profile& profile_;
  Capacity capacity_;
  std::vector<std::size_t> levels_;
};

/// Fills leaves in the order of the names' hashes.
DirectoryLayout plan_hash_tree(const DirectoryEntries& entries, const Profile& profile) {
  struct Hashed {
    NameHash hash;
    std::uint32_t index;
  };
  std::vector<Hashed> hashed(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    hashed[i] = {hash_name(profile.hasher, entries.at(i).name), static_cast<std::uint32_t>(i)};
  }
  std::sort(hashed.begin(), hashed.end(),
            [](const Hashed& a, const Hashed& b) { return std::tie(a.hash, a.index) < std::tie(b.hash, b.index); });

  const Capacity capacity(profile);
  auto leaves = std::make_unique<Leaves>();
  leaves->order.reserve(hashed.size());
  std::size_t used = capacity.leaf() + 1;  // so that the first entry opens a leaf
  for (std::size_t i = 0; i < hashed.size(); ++i) {
    const std::size_t bytes = record_bytes(entries.at(hashed[i].index).name.size());
    if (used + bytes > capacity.leaf()) {
      // A leaf that begins amid equal hashes is marked by the lowest bit of its hash in the index.
      const bool continued = i > 0 && hashed[i - 1].hash.major == hashed[i].hash.major;
      leaves->first.push_back(static_cast<std::uint32_t>(i));
      leaves->hash.push_back(i == 0 ? 0 : hashed[i].hash.major | (continued ? 1U : 0U));
      used = 0;
    }
    used += bytes;
    leaves->order.push_back(hashed[i].index);
  }
  leaves->first.push_back(static_cast<std::uint32_t>(hashed.size()));

  const std::vector<std::size_t> levels = node_levels(leaves->hash.size(), capacity);
  const bool large = profile.features.has_incompat(kIncompatLargeDir);
  if (levels.size() > (large ? 2U : 1U)) {
    throw Error(
        ErrorCode::Unsupported,
        fmt::format("{} entries are too many for a directory with blocks of {} bytes; use a larger block_size{}",
                    entries.size(), profile.block_size, large ? "" : " or features = \"large_dir\""));
  }
  DirectoryLayout layout;
  layout.blocks =
      static_cast<std::uint32_t>(std::accumulate(levels.begin(), levels.end(), std::size_t{1} + leaves->hash.size()));
  layout.leaves = std::move(leaves);
  return layout;
}

/// Fills blocks in the order of the entries, "." and ".." first.
DirectoryLayout plan_list(const DirectoryEntries& entries, const Profile& profile) {
  const std::size_t room = Capacity(profile).leaf();
  auto leaves = std::make_unique<Leaves>();
  leaves->first.push_back(0);
  std::size_t used = 2 * kDotBytes;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t bytes = record_bytes(entries.at(i).name.size());
    if (used + bytes > room) {
      leaves->first.push_back(static_cast<std::uint32_t>(i));
      used = 0;
    }
    used += bytes;
  }
  DirectoryLayout layout;
  layout.blocks = static_cast<std::uint32_t>(leaves->first.size());
  leaves->first.push_back(static_cast<std::uint32_t>(entries.size()));
  layout.leaves = std::move(leaves);
  return layout;
}

/// Bytes for entries in i_block, behind the parent's number.
constexpr std::size_t kInlineRoom = kInodeBlockBytes - sizeof(little_uint32_t);
/// Smallest stretch that an entry could be put into.
constexpr std::size_t kMinRecord = sizeof(EntryHeader) + kEntryAlignment;

/// i_size of the directory if it can lie in its inode with `room` bytes for the attribute system.data.
std::optional<std::uint32_t> plan_inline(const DirectoryEntries& entries, std::size_t room) {
  std::size_t first = 0;
  std::size_t second = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t bytes = record_bytes(entries.at(i).name.size());
    if (second == 0 && first + bytes <= kInlineRoom) {
      first += bytes;
    } else {
      second += bytes;
      if (second > room) return std::nullopt;
    }
  }
  return static_cast<std::uint32_t>(kInodeBlockBytes + (second == 0 ? 0 : std::max(second, kMinRecord)));
}

}  // namespace

DirectoryLayout plan_directory(const DirectoryEntries& entries, const Profile& profile,
                               std::optional<std::size_t> inline_room) {
  if (inline_room) {
    if (const auto bytes = plan_inline(entries, *inline_room)) {
      DirectoryLayout layout;
      layout.blocks = 0;
      layout.inline_bytes = *bytes;
      return layout;
    }
  }
  std::size_t total = 2 * kDotBytes;
  for (std::size_t i = 0; i < entries.size(); ++i) total += record_bytes(entries.at(i).name.size());
  if (total <= Capacity(profile).leaf()) return {};
  return profile.has_hash_trees() ? plan_hash_tree(entries, profile) : plan_list(entries, profile);
}

void write_directory_block(const DirectoryEntries& entries, const DirectoryLayout& layout, DirectoryOwner owner,
                           std::uint32_t index, const Profile& profile, std::span<std::byte> out) {
  std::fill(out.begin(), out.end(), std::byte{0});
  EntryWriter block(out, Capacity(profile).leaf(), profile);
  std::size_t leaf = index;
  if (layout.is_indexed()) {
    const IndexWriter tree(*layout.leaves, owner, profile);
    if (index < tree.blocks()) return tree.write(index, out);
    leaf -= tree.blocks();
  } else if (index == 0) {
    add_dots(block, owner);
  }
  if (layout.leaves) {
    const Leaves& leaves = *layout.leaves;
    for (std::uint32_t i = leaves.first[leaf]; i < leaves.first[leaf + 1]; ++i) {
      block.add(entries.at(leaves.order.empty() ? i : leaves.order[i]));
    }
  } else if (index == 0) {
    for (std::size_t i = 0; i < entries.size(); ++i) block.add(entries.at(i));
  }
  block.finish();
  if (profile.has_checksums()) write_block_tail(out, profile.inode_checksum_seed(owner.inode));
}

std::vector<std::byte> write_inline_directory(const DirectoryEntries& entries, const DirectoryLayout& layout,
                                              DirectoryOwner owner, const Profile& profile) {
  std::vector<std::byte> out(layout.inline_bytes);
  const little_uint32_t parent(owner.parent);
  std::memcpy(out.data(), &parent, sizeof(parent));
  const std::span<std::byte> all(out);
  EntryWriter first(all.subspan(sizeof(parent), kInlineRoom), kInlineRoom, profile);
  std::size_t i = 0;
  for (; i < entries.size() && first.has_room(entries.at(i).name); ++i) first.add(entries.at(i));
  first.finish();
  if (layout.inline_bytes > kInodeBlockBytes) {
    const std::span<std::byte> rest = all.subspan(kInodeBlockBytes);
    EntryWriter second(rest, rest.size(), profile);
    for (; i < entries.size(); ++i) second.add(entries.at(i));
    second.finish();
  }
  return out;
}

}  // namespace fstool::ext4

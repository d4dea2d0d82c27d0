#include "write/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <tuple>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/checksum_seed.h"
#include "ondisk/directory_block.h"
#include "ondisk/inode.h"

namespace fstool::ext4 {

namespace {

std::size_t record_bytes(std::size_t name_bytes) { return round_up(sizeof(EntryHeader) + name_bytes, kEntryAlignment); }

std::size_t index_limit(std::size_t entries_offset, std::size_t block_size) {
  return (block_size - entries_offset - sizeof(IndexTail)) / sizeof(IndexEntry);
}
std::size_t root_limit(std::size_t block_size) { return index_limit(kRootEntriesOffset, block_size); }
std::size_t node_limit(std::size_t block_size) { return index_limit(kNodeEntriesOffset, block_size); }

/// Number of index nodes between the root and `leaves` leaves: none if the root can name them all.
std::size_t count_nodes(std::size_t leaves, std::size_t block_size) {
  return leaves <= root_limit(block_size) ? 0 : div_ceil(leaves, node_limit(block_size));
}

/// A block of entries under construction.
class EntryBlock {
 public:
  EntryBlock(std::span<std::byte> out, std::size_t limit) : out_(out), limit_(limit) {}

  void add(std::string_view name, std::uint32_t inode, std::uint8_t file_type) {
    last_ = next_;
    header_ = {};
    header_.inode = inode;
    header_.name_length = static_cast<std::uint8_t>(name.size());
    header_.file_type = file_type;
    write_header(record_bytes(name.size()));
    std::memcpy(out_.data() + last_ + sizeof(EntryHeader), name.data(), name.size());
    next_ += record_bytes(name.size());
  }

  /// The last entry takes the rest of the block; without any, an unused entry does.
  void finish() {
    if (next_ == 0) header_ = {};
    write_header(limit_ - last_);
  }

 private:
  void write_header(std::size_t record_length) {
    // Only 64 KiB blocks could need more than 16 bits.
    header_.record_length = static_cast<std::uint16_t>(record_length);
    std::memcpy(out_.data() + last_, &header_, sizeof(header_));
  }

  std::span<std::byte> out_;
  std::size_t limit_;
  std::size_t last_ = 0;
  std::size_t next_ = 0;
  EntryHeader header_{};
};

void add_dots(EntryBlock& block, DirectoryOwner owner) {
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
                 std::uint32_t inode_seed) {
  const std::size_t limit = index_limit(entries_offset, out.size());
  std::memcpy(out.data() + entries_offset, entries.data(), entries.size_bytes());
  IndexLimit counts{};
  counts.limit = static_cast<std::uint16_t>(limit);
  counts.count = static_cast<std::uint16_t>(entries.size());
  std::memcpy(out.data() + entries_offset, &counts, sizeof(counts));

  // The checksum covers what is in use, then the tail with a zero in place of the checksum.
  IndexTail tail{};
  std::uint32_t crc = crc32c(inode_seed, out.first(entries_offset + entries.size_bytes()));
  crc = crc32c(crc, bytes_of(tail));
  tail.checksum = crc;
  std::memcpy(out.data() + entries_offset + limit * sizeof(IndexEntry), &tail, sizeof(tail));
}

IndexEntry index_entry(std::uint32_t hash, std::size_t block) {
  IndexEntry entry{};
  entry.hash = hash;
  entry.block = static_cast<std::uint32_t>(block);
  return entry;
}

void write_root(const HashTree& tree, DirectoryOwner owner, std::uint32_t inode_seed, std::span<std::byte> out) {
  EntryBlock dots(out, out.size());
  add_dots(dots, owner);
  dots.finish();

  const std::size_t leaves = tree.leaf_hash.size();
  const std::size_t nodes = count_nodes(leaves, out.size());
  IndexRootInfo info{};
  info.hash_version = static_cast<std::uint8_t>(HashVersion::HalfMd4);
  info.info_length = sizeof(info);
  info.indirect_levels = nodes == 0 ? 0 : 1;
  std::memcpy(out.data() + 2 * kDotBytes, &info, sizeof(info));

  std::vector<IndexEntry> entries;
  if (nodes == 0) {
    for (std::size_t leaf = 0; leaf < leaves; ++leaf) entries.push_back(index_entry(tree.leaf_hash[leaf], 1 + leaf));
  } else {
    for (std::size_t node = 0; node < nodes; ++node) {
      entries.push_back(index_entry(tree.leaf_hash[node * node_limit(out.size())], 1 + node));
    }
  }
  write_index(out, kRootEntriesOffset, entries, inode_seed);
}

void write_node(const HashTree& tree, std::size_t node, std::uint32_t inode_seed, std::span<std::byte> out) {
  EntryBlock empty(out, out.size());
  empty.finish();
  const std::size_t leaves = tree.leaf_hash.size();
  const std::size_t limit = node_limit(out.size());
  const std::size_t first_leaf_block = 1 + count_nodes(leaves, out.size());
  std::vector<IndexEntry> entries;
  for (std::size_t leaf = node * limit; leaf < std::min(leaves, (node + 1) * limit); ++leaf) {
    entries.push_back(index_entry(tree.leaf_hash[leaf], first_leaf_block + leaf));
  }
  write_index(out, kNodeEntriesOffset, entries, inode_seed);
}

}  // namespace

DirectoryLayout plan_directory(const DirectoryEntries& entries, std::uint32_t block_size, const HashSeed& hash_seed) {
  const std::size_t room = block_size - sizeof(BlockTail);
  std::size_t total = 2 * kDotBytes;
  for (std::size_t i = 0; i < entries.size(); ++i) total += record_bytes(entries.at(i).name.size());
  if (total <= room) return {};

  struct Hashed {
    NameHash hash;
    std::uint32_t index;
  };
  std::vector<Hashed> hashed(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    hashed[i] = {half_md4_signed(entries.at(i).name, hash_seed), static_cast<std::uint32_t>(i)};
  }
  std::sort(hashed.begin(), hashed.end(),
            [](const Hashed& a, const Hashed& b) { return std::tie(a.hash, a.index) < std::tie(b.hash, b.index); });

  auto tree = std::make_unique<HashTree>();
  tree->order.reserve(hashed.size());
  std::size_t used = room + 1;  // so that the first entry opens a leaf
  for (std::size_t i = 0; i < hashed.size(); ++i) {
    const std::size_t bytes = record_bytes(entries.at(hashed[i].index).name.size());
    if (used + bytes > room) {
      // A leaf that begins amid equal hashes is marked by the lowest bit of its hash in the index.
      const bool continued = i > 0 && hashed[i - 1].hash.major == hashed[i].hash.major;
      tree->leaf_first.push_back(static_cast<std::uint32_t>(i));
      tree->leaf_hash.push_back(i == 0 ? 0 : hashed[i].hash.major | (continued ? 1U : 0U));
      used = 0;
    }
    used += bytes;
    tree->order.push_back(hashed[i].index);
  }
  tree->leaf_first.push_back(static_cast<std::uint32_t>(hashed.size()));

  const std::size_t leaves = tree->leaf_hash.size();
  const std::size_t nodes = count_nodes(leaves, block_size);
  if (nodes > root_limit(block_size)) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("{} entries are too many for a directory with blocks of {} bytes; use a larger block_size",
                            entries.size(), block_size));
  }
  DirectoryLayout layout;
  layout.blocks = static_cast<std::uint32_t>(1 + nodes + leaves);
  layout.tree = std::move(tree);
  return layout;
}

void write_directory_block(const DirectoryEntries& entries, const DirectoryLayout& layout, DirectoryOwner owner,
                           std::uint32_t index, std::uint32_t inode_seed, std::span<std::byte> out) {
  std::fill(out.begin(), out.end(), std::byte{0});
  EntryBlock block(out, out.size() - sizeof(BlockTail));
  if (!layout.tree) {
    if (index == 0) {
      add_dots(block, owner);
      for (std::size_t i = 0; i < entries.size(); ++i) {
        const NamedInode entry = entries.at(i);
        block.add(entry.name, entry.inode, entry.file_type);
      }
    }
  } else {
    const HashTree& tree = *layout.tree;
    const std::size_t nodes = count_nodes(tree.leaf_hash.size(), out.size());
    if (index == 0) return write_root(tree, owner, inode_seed, out);
    if (index <= nodes) return write_node(tree, index - 1, inode_seed, out);
    const std::size_t leaf = index - 1 - nodes;
    for (std::uint32_t i = tree.leaf_first[leaf]; i < tree.leaf_first[leaf + 1]; ++i) {
      const NamedInode entry = entries.at(tree.order[i]);
      block.add(entry.name, entry.inode, entry.file_type);
    }
  }
  block.finish();
  write_block_tail(out, inode_seed);
}

}  // namespace fstool::ext4

#include "write/extent_tree.h"

#include <algorithm>
#include <cstring>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/checksum_seed.h"

namespace fstool::ext4 {

namespace {

/// Header, entries and the checksum that ends a block of the tree.
std::uint64_t entries_per_block(std::uint32_t block_size) {
  return (block_size - sizeof(ExtentHeader) - sizeof(little_uint32_t)) / sizeof(ExtentLeaf);
}

/// An entry of either kind; both are 12 bytes and begin with the logical block.
using RawEntry = std::array<std::byte, sizeof(ExtentLeaf)>;

RawEntry leaf_entry(std::uint64_t logical, std::uint64_t physical, std::uint64_t length) {
  ExtentLeaf leaf{};
  leaf.first_block = static_cast<std::uint32_t>(logical);
  leaf.length = static_cast<std::uint16_t>(length);
  leaf.start_lo = static_cast<std::uint32_t>(physical);
  leaf.start_hi = static_cast<std::uint16_t>(physical >> 32);
  RawEntry raw;
  std::memcpy(raw.data(), &leaf, sizeof(leaf));
  return raw;
}

RawEntry index_entry(const RawEntry& first_child, std::uint64_t physical) {
  ExtentIndex index{};
  std::memcpy(&index.first_block, first_child.data(), sizeof(index.first_block));
  index.leaf_lo = static_cast<std::uint32_t>(physical);
  index.leaf_hi = static_cast<std::uint16_t>(physical >> 32);
  RawEntry raw;
  std::memcpy(raw.data(), &index, sizeof(index));
  return raw;
}

void write_node(std::span<std::byte> out, std::span<const RawEntry> entries, std::uint64_t max_entries,
                unsigned depth) {
  ExtentHeader header{};
  header.magic = kExtentMagic;
  header.entries = static_cast<std::uint16_t>(entries.size());
  header.max_entries = static_cast<std::uint16_t>(max_entries);
  header.depth = static_cast<std::uint16_t>(depth);
  std::memcpy(out.data(), &header, sizeof(header));
  if (!entries.empty()) std::memcpy(out.data() + sizeof(header), entries.data(), entries.size_bytes());
}

}  // namespace

std::uint64_t count_disk_extents(std::span<const Extent> extents) {
  std::uint64_t count = 0;
  for (const Extent& extent : extents) count += div_ceil(extent.length, kMaxExtentBlocks);
  return count;
}

std::uint64_t extent_tree_blocks(std::uint64_t disk_extents, std::uint32_t block_size) {
  std::uint64_t total = 0;
  for (std::uint64_t entries = disk_extents; entries > kInlineExtents;) {
    entries = div_ceil(entries, entries_per_block(block_size));
    total += entries;
  }
  return total;
}

MappingBlocks build_extent_tree(std::span<const Extent> extents, std::span<const std::uint64_t> at,
                                std::uint32_t block_size, std::uint32_t inode_seed) {
  std::vector<RawEntry> level;
  level.reserve(count_disk_extents(extents));
  for (const Extent& extent : extents) {
    for (std::uint64_t done = 0; done < extent.length; done += kMaxExtentBlocks) {
      level.push_back(leaf_entry(extent.logical + done, extent.physical + done,
                                 std::min<std::uint64_t>(extent.length - done, kMaxExtentBlocks)));
    }
  }
  if (extent_tree_blocks(level.size(), block_size) != at.size()) {
    throw Error(ErrorCode::Internal, "an extent tree was given the wrong number of blocks");
  }

  MappingBlocks tree;
  tree.blocks.resize(at.size() * block_size);
  const std::uint64_t max_entries = entries_per_block(block_size);
  std::size_t used = 0;
  unsigned depth = 0;
  for (; level.size() > kInlineExtents; ++depth) {
    std::vector<RawEntry> parents;
    for (std::size_t first = 0; first < level.size(); first += max_entries, ++used) {
      const auto entries = std::span(level).subspan(first, std::min<std::size_t>(max_entries, level.size() - first));
      const auto block = std::span(tree.blocks).subspan(used * block_size, block_size);
      write_node(block, entries, max_entries, depth);
      const std::size_t tail = sizeof(ExtentHeader) + max_entries * sizeof(ExtentLeaf);
      const little_uint32_t checksum(crc32c(inode_seed, block.first(tail)));
      std::memcpy(block.data() + tail, &checksum, sizeof(checksum));
      parents.push_back(index_entry(entries.front(), at[used]));
    }
    level = std::move(parents);
  }
  write_node(tree.root, level, kInlineExtents, depth);
  return tree;
}

}  // namespace fstool::ext4

#include "check/extent_walk.h"

#include <fmt/format.h>

#include <cstring>

namespace fstool::ext4 {

namespace {

constexpr unsigned kMaxDepth = 5;

template <class Entry>
Entry entry_at(std::span<const std::byte> entries, std::size_t index) {
  Entry entry;
  std::memcpy(&entry, entries.data() + index * sizeof(Entry), sizeof(Entry));
  return entry;
}

}  // namespace

void ExtentWalk::run() {
  const auto header = entry_at<ExtentHeader>(root_.block, 0);
  if (header.magic == kExtentMagic && header.depth > kMaxDepth) {
    visitor_.damage(fmt::format("its extent tree has {} levels", header.depth.value()));
    return;
  }
  walk_node(root_.block, header.depth, {0, kMaxFileBlocks, false});
}

void ExtentWalk::walk_node(std::span<const std::byte> bytes, unsigned depth, Range range) {
  const auto header = entry_at<ExtentHeader>(bytes, 0);
  const std::size_t room = (bytes.size() - sizeof(ExtentHeader)) / sizeof(ExtentLeaf);
  if (header.magic != kExtentMagic) return visitor_.damage("the header of its extent tree has no magic number");
  if (header.depth != depth) {
    return visitor_.damage(fmt::format("level {} of its extent tree says that it is {}", depth, header.depth.value()));
  }
  // Two entries' place may be kept for other things, as libext2fs has it.
  if (header.max_entries > room || header.entries > header.max_entries || header.max_entries + 2U < room) {
    return visitor_.damage(fmt::format("the header of its extent tree says {} entries of {} in a place for {}",
                                       header.entries.value(), header.max_entries.value(), room));
  }
  const auto entries = bytes.subspan(sizeof(ExtentHeader), header.entries * sizeof(ExtentLeaf));
  const bool is_root = bytes.data() == root_.block.data();
  if (entries.empty() && (!is_root || depth > 0)) return visitor_.damage("a node of its extent tree is empty");
  if (depth == 0) {
    walk_leaf(entries, range);
  } else {
    walk_index(entries, depth, range);
  }
}

void ExtentWalk::walk_leaf(std::span<const std::byte> entries, Range range) {
  std::uint64_t next = range.first;
  for (std::size_t i = 0; i < entries.size() / sizeof(ExtentLeaf); ++i) {
    const auto leaf = entry_at<ExtentLeaf>(entries, i);
    CheckedExtent extent;
    extent.written = leaf.length <= kMaxExtentBlocks;
    extent.length = extent.written ? leaf.length.value() : leaf.length - kMaxExtentBlocks;
    extent.logical = leaf.first_block;
    extent.physical = leaf.start_lo | std::uint64_t{leaf.start_hi} << 32;
    const std::uint64_t end = extent.logical + extent.length;
    if (extent.length == 0) {
      visitor_.damage(fmt::format("its extent at block {} is empty", extent.logical));
      continue;
    }
    if (extent.physical <= volume_.layout.first_data_block ||
        !volume_.blocks.contains(extent.physical, extent.length)) {
      visitor_.damage(fmt::format("its extent at block {} has {} blocks from {} on, outside of the file system",
                                  extent.logical, extent.length, extent.physical));
      continue;
    }
    if (i == 0 && range.is_exact && extent.logical != range.first) {
      visitor_.damage(fmt::format("the index of its extent tree says {} where its leaf begins with block {}",
                                  range.first, extent.logical));
    } else if (extent.logical < next || end > range.end) {
      visitor_.damage(fmt::format("its extent of {} blocks at block {} is out of order or overlaps another",
                                  extent.length, extent.logical));
    }
    next = end;
    visitor_.extent(extent);
  }
}

void ExtentWalk::walk_index(std::span<const std::byte> entries, unsigned depth, Range range) {
  const std::size_t count = entries.size() / sizeof(ExtentIndex);
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = entry_at<ExtentIndex>(entries, i);
    Range child{index.first_block, range.end, true};
    if (i + 1 < count) child.end = entry_at<ExtentIndex>(entries, i + 1).first_block;
    if (child.first < range.first || child.end <= child.first || child.end > range.end ||
        (i == 0 && range.is_exact && child.first != range.first)) {
      visitor_.damage(fmt::format("the index entry of block {} in its extent tree is out of order", child.first));
      child.end = range.end;
    }
    walk_child(index.leaf_lo | std::uint64_t{index.leaf_hi} << 32, depth - 1, child);
  }
}

void ExtentWalk::walk_child(std::uint64_t block, unsigned depth, Range range) {
  if (block <= volume_.layout.first_data_block || !volume_.blocks.contains(block, 1)) {
    return visitor_.damage(fmt::format("its extent tree has block {}, outside of the file system", block));
  }
  if (!visitor_.map_block(block)) return;
  const std::vector<std::byte> bytes = volume_.blocks.read(block);
  check_seal(bytes, block);
  walk_node(bytes, depth, range);
}

void ExtentWalk::check_seal(std::span<const std::byte> bytes, std::uint64_t block) {
  if (!volume_.layout.metadata_checksums) return;
  const auto header = entry_at<ExtentHeader>(bytes, 0);
  const std::size_t end = sizeof(ExtentHeader) + header.max_entries * sizeof(ExtentLeaf);
  little_uint32_t recorded;
  if (end > bytes.size() - sizeof(recorded)) {
    return visitor_.damage(fmt::format("its extent block {} has no place for a checksum", block));
  }
  std::memcpy(&recorded, bytes.data() + end, sizeof(recorded));
  if (crc32c(volume_.inode_seed(root_.inode, root_.generation), bytes.first(end)) != recorded) {
    visitor_.damage(fmt::format("the checksum of its extent block {} is wrong", block));
  }
}

}  // namespace fstool::ext4

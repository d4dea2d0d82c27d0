/// \file
/// The extent tree (Linux Documentation/filesystems/ext4, "Extent Tree").
///
/// The root lies in the inode's i_block: a header and up to four entries. If that is not enough, the entries point at
/// blocks of index entries, and those, after as many levels as it takes, at blocks of extents. Each block ends with a
/// checksum.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "inode.h"

namespace fstool::ext4 {

struct ExtentHeader {
  little_uint16_t magic;
  little_uint16_t entries;
  little_uint16_t max_entries;
  little_uint16_t depth;  // 0: the entries are extents
  little_uint32_t generation;
};
static_assert(sizeof(ExtentHeader) == 12);

struct ExtentIndex {
  little_uint32_t first_block;  // logical
  little_uint32_t leaf_lo;
  little_uint16_t leaf_hi;
  little_uint16_t unused;
};
static_assert(sizeof(ExtentIndex) == 12);

struct ExtentLeaf {
  little_uint32_t first_block;  // logical
  little_uint16_t length;
  little_uint16_t start_hi;
  little_uint32_t start_lo;
};
static_assert(sizeof(ExtentLeaf) == 12);

inline constexpr std::uint16_t kExtentMagic = 0xF30A;
/// Longest initialised extent, in blocks.
inline constexpr std::uint32_t kMaxExtentBlocks = 32768;
/// Entries that fit into the inode.
inline constexpr std::size_t kInlineExtents = 4;

/// `length` blocks of a file, beginning with its block `logical`, lie at `physical`. length may exceed
/// kMaxExtentBlocks: it is cut when the tree is written.
struct Extent {
  std::uint64_t logical = 0;
  std::uint64_t physical = 0;
  std::uint64_t length = 0;
};

/// Number of on-disk extents for `extents`.
std::uint64_t count_disk_extents(std::span<const Extent> extents);

/// Number of blocks, beside the inode, that a tree of `disk_extents` extents takes.
std::uint64_t extent_tree_blocks(std::uint64_t disk_extents, std::uint32_t block_size);

/// A file's extent tree, ready to be written.
struct ExtentTree {
  std::array<std::byte, kInodeBlockBytes> root{};
  std::vector<std::byte> blocks;  ///< whole blocks, in the order of `at` given to build_extent_tree()
};

/// Builds the tree. `at` are the physical blocks of the tree's own blocks: as many as extent_tree_blocks() says.
/// `extents` are sorted by `logical` and don't overlap.
ExtentTree build_extent_tree(std::span<const Extent> extents, std::span<const std::uint64_t> at,
                             std::uint32_t block_size, std::uint32_t inode_seed);

}  // namespace fstool::ext4

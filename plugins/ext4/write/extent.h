/// \file
/// Builds extent trees.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "ondisk/extent_tree.h"
#include "ondisk/inode.h"

namespace fstool::ext4 {

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

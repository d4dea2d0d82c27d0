/// \file
/// Builds extent trees.
#pragma once

#include <cstdint>
#include <span>

#include "ondisk/extent_tree.h"
#include "write/extent.h"

namespace fstool::ext4 {

/// Number of on-disk extents for `extents`.
std::uint64_t count_disk_extents(std::span<const Extent> extents);

/// Number of blocks, beside the inode, that a tree of `disk_extents` extents takes.
std::uint64_t extent_tree_blocks(std::uint64_t disk_extents, std::uint32_t block_size);

/// Builds the tree. `at` are the physical blocks of the tree's own blocks: as many as extent_tree_blocks() says.
/// `extents` are sorted by `logical` and don't overlap. Each block ends with a checksum, which readers without
/// metadata_csum take no notice of.
MappingBlocks build_extent_tree(std::span<const Extent> extents, std::span<const std::uint64_t> at,
                                std::uint32_t block_size, std::uint32_t inode_seed);

}  // namespace fstool::ext4

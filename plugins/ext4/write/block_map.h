/// \file
/// BlockMap: where an inode's blocks lie, and the blocks that say so.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "write/extent.h"
#include "write/profile.h"

namespace fstool::ext4 {

/// An inode's blocks.
struct BlockMap {
  std::vector<Extent> extents;                ///< by logical block
  std::vector<std::uint64_t> mapping_blocks;  ///< of the extent tree, or indirect blocks

  /// All blocks that count for i_blocks, but for extended attributes.
  std::uint64_t block_count() const;
};

/// Number of blocks that it takes to map `extents`, beside the inode.
std::uint64_t count_mapping_blocks(std::span<const Extent> extents, const Profile& profile);

/// The extent tree or indirect map of an inode.
MappingBlocks build_mapping(const BlockMap& map, std::uint32_t inode, const Profile& profile);

/// The most blocks that a file can have.
std::uint64_t max_file_blocks(const Profile& profile);

}  // namespace fstool::ext4

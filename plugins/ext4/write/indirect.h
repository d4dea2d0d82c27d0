/// \file
/// Indirect block maps, by which ext2 and ext3 find a file's blocks (Linux Documentation/filesystems/ext4,
/// "Direct/Indirect Block Addressing").
#pragma once

#include <cstdint>
#include <span>

#include "write/extent.h"

namespace fstool::ext4 {

/// Number of blocks of pointers that a file with these extents takes. `extents` are sorted by `logical`.
std::uint64_t indirect_blocks(std::span<const Extent> extents, std::uint32_t block_size);

/// The most blocks that a file can have.
std::uint64_t max_indirect_file_blocks(std::uint32_t block_size);

/// Writes the map. `at` are the blocks of pointers: as many as indirect_blocks() says. `extents` are sorted by
/// `logical` and don't overlap; their blocks have 32-bit numbers.
MappingBlocks build_indirect_map(std::span<const Extent> extents, std::span<const std::uint64_t> at,
                                 std::uint32_t block_size);

}  // namespace fstool::ext4

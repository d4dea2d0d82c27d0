/// \file
/// Where the blocks of a file are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ondisk/inode.h"
#include "read/block_claims.h"

namespace fstool::ext4 {

struct VolumeState;

/// Blocks of a file that lie side by side in the file and in the file system.
struct MappedExtent {
  std::uint32_t logical = 0;   ///< first block of the file
  std::uint32_t length = 0;    ///< blocks, at least 1
  std::uint64_t physical = 0;  ///< first block of the file system

  std::uint64_t logical_end() const { return std::uint64_t{logical} + length; }
  friend bool operator==(const MappedExtent&, const MappedExtent&) = default;
};

/// Sorted, disjoint and joined where possible. What is not in it reads as zeros: holes, and, unless they were asked
/// for, extents that were allocated but not written.
using FileMap = std::vector<MappedExtent>;

/// Adds an extent behind all others of `map`, joining it with the last one if they touch.
void append_extent(FileMap& map, const MappedExtent& extent);

/// What of an inode says where its blocks are.
struct MapRoot {
  std::uint32_t inode = 0;
  std::uint32_t generation = 0;
  std::uint32_t flags = 0;
  std::array<std::byte, kInodeBlockBytes> block{};
};

/// The largest number of blocks that a file can have: their numbers have 32 bits.
inline constexpr std::uint64_t kMaxFileBlocks = std::uint64_t{1} << 32;

/// Which extents a map has.
enum class MapScope : std::uint8_t {
  Written,
  Allocated,  ///< also those that were not written, which read as zeros
};

/// Reads an extent tree or indirect blocks. Extents that begin at block `limit_blocks` of the file or behind it are
/// left out, and what is only about them is not read. The metadata blocks that are read are claimed in `claims`; those
/// taken already are damage. Wrong checksums are reported. Memory and time are proportional to the metadata that the
/// image has, and to `limit_blocks`. Throws Error(Corrupt) if the map is damaged.
FileMap read_file_map(const VolumeState& volume, const MapRoot& root, std::uint64_t limit_blocks, BlockClaims& claims,
                      MapScope scope = MapScope::Written);

}  // namespace fstool::ext4

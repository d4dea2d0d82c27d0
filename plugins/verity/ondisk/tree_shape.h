/// \file
/// TreeShape: where the hashes of a tree lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ondisk/superblock.h"

namespace fstool::verity {

/// Neighbouring blocks that hold the hashes of all blocks below them: those of the level below, or those of the data.
struct Level {
  std::uint64_t first_block = 0;  ///< hash blocks before it, from the begin of the tree
  std::uint64_t blocks = 0;
  std::uint64_t entries = 0;  ///< blocks below
};

/// The form of the tree over some data, without the superblock. The level nearest to the data is level 0 and lies last;
/// the top level is a single block, whose hash is the root hash. One block of data has no levels: its hash is the root
/// hash. In a block, entry i begins at i * entry_bytes; what is not used is zero.
struct TreeShape {
  std::uint32_t block_size = 0;         ///< bytes of a hash block
  std::uint32_t entry_bytes = 0;        ///< from the begin of one hash to that of the next
  std::uint32_t entries_per_block = 0;  ///< a power of two
  std::vector<Level> levels;            ///< from the data up
  std::uint64_t blocks = 0;             ///< of all levels

  /// `data_blocks` and `digest_bytes` are at least 1; a hash block holds two digests or more.
  static TreeShape make(std::uint64_t data_blocks, std::uint32_t block_size, std::size_t digest_bytes, HashType type);
};

}  // namespace fstool::verity

/// \file
/// Extents and the maps that are written of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ondisk/inode.h"

namespace fstool::ext4 {

/// `length` blocks of a file, beginning with its block `logical`, lie at `physical`. May be longer than an extent on
/// disk: it is cut when the map is written.
struct Extent {
  std::uint64_t logical = 0;
  std::uint64_t physical = 0;
  std::uint64_t length = 0;
};

/// A file's map from logical to physical blocks, ready to be written.
struct MappingBlocks {
  std::array<std::byte, kInodeBlockBytes> root{};  ///< i_block
  std::vector<std::byte> blocks;                   ///< whole blocks, in the order of the block numbers that were given
};

}  // namespace fstool::ext4

/// \file
/// What the parts of the reader share.
#pragma once

#include <cstdint>
#include <utility>

#include "fstool/context.h"
#include "ondisk/checksum_seed.h"
#include "read/block_reader.h"
#include "read/layout.h"
#include "read/map_cache.h"

namespace fstool::ext4 {

/// An opened file system. Contents of files keep it alive. Thread-safe.
struct VolumeState {
  VolumeState(const Layout& its_layout, BlobPtr image, Context& its_context)
      : layout(its_layout), blocks(std::move(image), layout.block_size, layout.blocks), context(its_context) {}

  Layout layout;
  BlockReader blocks;
  Context& context;
  mutable MapCache maps;

  /// The checksum seed of what belongs to an inode.
  std::uint32_t inode_seed(std::uint32_t inode, std::uint32_t generation) const {
    return inode_checksum_seed(layout.checksum_seed, inode, generation);
  }
};

}  // namespace fstool::ext4

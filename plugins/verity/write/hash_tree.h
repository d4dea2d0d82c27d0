/// \file
/// Builds the hash tree of some data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "block_hasher.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "ondisk/tree_shape.h"

namespace fstool::verity {

struct HashTree {
  BlobPtr bytes;  ///< the tree without a superblock; empty over a single block
  std::vector<std::byte> root_hash;
};

/// Reads `data`, which is a whole number of blocks, once, with all workers. A block of zeros is hashed once only, and
/// holes are passed over, also in the levels above. What is kept of the tree beyond some 64 MiB lies in a temporary
/// file. Reports progress. Throws what reading and Spill throw, and Error(Cancelled).
HashTree build_hash_tree(BlobPtr data, std::uint32_t data_block_size, const TreeShape& shape, const BlockHasher& hasher,
                         Context& context);

}  // namespace fstool::verity

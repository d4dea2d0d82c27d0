/// \file
/// Reads the superblock of a hash tree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "fstool/uuid.h"
#include "ondisk/superblock.h"
#include "ondisk/tree_shape.h"

struct nettle_hash;

namespace fstool::verity {

/// What a superblock says, all of it in bounds.
struct TreeParameters {
  HashType hash_type = HashType::Normal;
  Uuid uuid;
  std::string algorithm;              ///< printable ASCII
  const nettle_hash* hash = nullptr;  ///< null: not known here, and so neither is the form of the tree
  std::uint32_t data_block_size = 0;  ///< bytes
  std::uint32_t hash_block_size = 0;  ///< bytes
  std::uint64_t data_blocks = 0;      ///< at least 1; their bytes fit 64 bits
  std::vector<std::byte> salt;
  TreeShape shape;  ///< its bytes, with the superblock's block, fit 64 bits

  /// Where the tree begins, in bytes: in the first block behind the superblock.
  std::uint64_t tree_offset() const { return hash_block_size; }
  /// Bytes of superblock and tree. Only for a known hash.
  std::uint64_t size() const { return tree_offset() + shape.blocks * hash_block_size; }
};

/// True if there is a superblock, whatever it says.
bool has_superblock(const Blob& image);

/// The bytes of the superblock. Throws Error(Corrupt) if there is none.
Superblock read_superblock(const Blob& image);

/// Throws Error(Unsupported) for versions and types that aren't known, Error(Corrupt) for values out of bounds.
TreeParameters parse_superblock(const Superblock& superblock);

}  // namespace fstool::verity

/// \file
/// BlockHasher: hashes of salted blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ondisk/superblock.h"

struct nettle_hash;

namespace fstool::verity {

/// A hash by the name that the kernel and veritysetup(8) give it; null if it isn't known here.
const nettle_hash* find_hash(std::string_view name);

/// Bytes of a digest.
std::size_t digest_size(const nettle_hash& hash);

/// The names that find_hash() knows, the strongest last.
std::vector<std::string> hash_names();

/// Hashes blocks. For one thread; copies are independent.
class BlockHasher {
 public:
  BlockHasher(const nettle_hash& hash, HashType type, std::vector<std::byte> salt);

  std::size_t digest_bytes() const;
  /// Fills `digest`, of digest_bytes().
  void hash(std::span<const std::byte> block, std::span<std::byte> digest);
  std::vector<std::byte> hash(std::span<const std::byte> block);

 private:
  const nettle_hash* hash_;
  std::vector<std::byte> salt_behind_;  ///< what follows a block
  std::vector<std::uint64_t> begin_;    ///< nettle's state after what precedes a block; aligned for it
  std::vector<std::uint64_t> state_;
};

}  // namespace fstool::verity

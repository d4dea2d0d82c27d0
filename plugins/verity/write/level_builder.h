/// \file
/// LevelBuilder: puts the hashes of one level of a tree into their blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fstool/blob.h"
#include "fstool/spill.h"
#include "ondisk/tree_shape.h"

namespace fstool::verity {

/// A level of a tree. Over zeros, hashes repeat: blocks that are full of the hash of such a block, fillers, aren't
/// kept.
struct BuiltLevel {
  BlobPtr bytes;
  BlobPtr without_fillers;        ///< the same, with holes where fillers are
  std::vector<std::byte> filler;  ///< one of these blocks
};

/// Takes the hashes of a level in order. For one thread.
class LevelBuilder {
 public:
  /// `filler_digest` is the hash of what repeats below. So much of what is kept stays in memory as `memory_bytes` says.
  LevelBuilder(const TreeShape& shape, const Level& level, std::span<const std::byte> filler_digest,
               std::uint64_t memory_bytes);

  /// Digests one behind the other.
  void add(std::span<const std::byte> digests);
  /// `count` times the filler's digest.
  void add_fillers(std::uint64_t count);

  /// Entries that were added.
  std::uint64_t added() const noexcept { return added_; }

  /// Call it once, when all of the level's entries were added.
  BuiltLevel finish();

 private:
  /// Blocks that are kept and lie one behind the other.
  struct StoredRun {
    std::uint64_t first_block = 0;   ///< of the level
    std::uint64_t spill_offset = 0;  ///< bytes
    std::uint64_t blocks = 0;
  };

  std::uint64_t entry_in_block() const noexcept { return added_ % shape_.entries_per_block; }
  void put(std::span<const std::byte> digest);
  void store_block();

  const TreeShape& shape_;
  const Level& level_;
  std::vector<std::byte> filler_digest_;
  std::vector<std::byte> filler_;
  std::vector<std::byte> block_;
  std::shared_ptr<Spill> spill_;
  std::vector<StoredRun> runs_;
  std::uint64_t added_ = 0;
};

}  // namespace fstool::verity

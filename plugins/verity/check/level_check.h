/// \file
/// LevelCheck: compares the blocks of one level with the hashes that the level above has for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "block_hasher.h"
#include "check/block_findings.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "read/superblock_reader.h"

namespace fstool::verity {

/// Checks one level of a tree that lies inside the image.
class LevelCheck {
 public:
  /// `level` is an index into the levels of the shape. `parameters` and `context` must outlive this.
  LevelCheck(const TreeParameters& parameters, std::size_t level, const BlobPtr& image, Context& context);

  /// Reports damage to the context, and progress: the bytes of the level. Call it once.
  void run();

 private:
  /// What a worker found in the blocks of a batch, by their numbers in the level.
  struct Batch {
    std::vector<std::byte> expected;  ///< the blocks of the level above that have the batch's hashes
    std::vector<std::uint64_t> zeros;
    std::vector<std::uint64_t> wrong_hashes;
    std::vector<std::uint64_t> used_spares;
  };

  /// Run on the workers.
  void check_batch(std::uint64_t first_block, std::span<const std::byte> bytes, BlockHasher& hasher,
                   Batch& batch) const;
  void read_expected(std::uint64_t first_block, std::uint64_t blocks, Batch& batch) const;
  std::span<const std::byte> expected_digest(std::uint64_t first_block, std::uint64_t block, const Batch& batch) const;
  bool has_used_spares(std::uint64_t block, std::span<const std::byte> bytes) const;
  /// Run on the calling thread.
  void take(const Batch& batch);

  const TreeParameters& parameters_;
  const Level& shape_;
  std::size_t digest_bytes_;
  BlobPtr bytes_;
  BlobPtr parents_;  ///< null: this is the top level
  Context& context_;
  BlockFindings zeros_;
  BlockFindings wrong_hashes_;
  BlockFindings used_spares_;
};

}  // namespace fstool::verity

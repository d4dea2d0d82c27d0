/// \file
/// Allocation of blocks in a file system that starts out empty.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace fstool::ext4 {

/// `length` blocks from `start` on.
struct BlockRun {
  std::uint64_t start = 0;
  std::uint64_t length = 0;
};

/// The free blocks while the fixed structures are being placed.
class FreeRuns {
 public:
  /// Adds a run that touches none that is there, or continues the last one.
  void add(std::uint64_t start, std::uint64_t length);
  /// Takes `length` blocks that lie together, as near behind `hint` as there are some, else anywhere.
  std::optional<std::uint64_t> carve(std::uint64_t hint, std::uint64_t length);
  /// What is free, by ascending block.
  std::vector<BlockRun> runs() const;

 private:
  std::map<std::uint64_t, std::uint64_t> runs_;  // start → length
};

/// Where an aligned file begins.
struct Alignment {
  std::uint64_t blocks = 1;  ///< at multiples of it
  std::uint64_t phase = 0;   ///< added to a block's number before it is looked at
};

enum class Align : bool { No, Yes };

/// Hands out the blocks of files: from the front, each file in one run where there is one, and in as few as possible
/// otherwise. The gaps that alignment leaves are filled with files that fit into them. When nothing else is left it
/// goes on beyond the end and counts what is missing.
class BlockAllocator {
 public:
  BlockAllocator(std::vector<BlockRun> free, std::uint64_t end, Alignment alignment = {});

  /// Calls place(run) for each run that `blocks` blocks are given, in the order of the file.
  template <class Place>
  void allocate(std::uint64_t blocks, Align align, Place&& place) {
    while (blocks > 0) {
      const BlockRun run = take(blocks, align);
      blocks -= run.length;
      place(run);
    }
  }

  std::uint64_t free_blocks() const { return free_blocks_; }
  /// The part of free_blocks() that alignment left in gaps.
  std::uint64_t gap_blocks() const { return gap_blocks_; }
  const Alignment& alignment() const { return alignment_; }
  /// Blocks that were handed out beyond the end.
  std::uint64_t shortage() const { return shortage_; }
  /// What is still free, by ascending block.
  std::vector<BlockRun> remaining() const;

 private:
  BlockRun take(std::uint64_t blocks, Align align);
  BlockRun take_from(std::size_t index, std::uint64_t blocks, Align align);
  /// Blocks that a file would leave free before it if it began in the run.
  std::uint64_t gap_before(const BlockRun& run, Align align) const;
  std::optional<BlockRun> take_gap(std::uint64_t blocks);
  void add_gap(BlockRun gap);

  std::vector<BlockRun> runs_;
  std::size_t first_ = 0;  // all runs before are used up
  /// Gaps by length, a stack for each, so that the one that fits best is found at once; gaps_[0] is not used.
  std::vector<std::vector<std::uint64_t>> gaps_;
  std::uint64_t end_;
  Alignment alignment_;
  std::uint64_t free_blocks_ = 0;
  std::uint64_t gap_blocks_ = 0;
  std::uint64_t shortage_ = 0;
};

}  // namespace fstool::ext4

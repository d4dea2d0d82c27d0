#include "write/allocator.h"

#include <algorithm>
#include <iterator>

#include "fstool/size.h"

namespace fstool::ext4 {

namespace {
/// How many runs are looked at for one that holds a file whole.
constexpr std::size_t kSearchRuns = 64;
/// A file that no run holds whole is cut into pieces of at least this many blocks while there are such runs.
constexpr std::uint64_t kGoodPiece = 2048;
}  // namespace

void FreeRuns::add(std::uint64_t start, std::uint64_t length) {
  if (!runs_.empty()) {
    auto& [last_start, last_length] = *runs_.rbegin();
    if (last_start + last_length == start) {
      last_length += length;
      return;
    }
  }
  runs_.emplace_hint(runs_.end(), start, length);
}

std::optional<std::uint64_t> FreeRuns::carve(std::uint64_t hint, std::uint64_t length) {
  auto first = runs_.upper_bound(hint);
  if (first != runs_.begin() && std::prev(first)->first + std::prev(first)->second > hint) --first;
  const auto fits = [&](auto it) { return it->first + it->second >= std::max(it->first, hint) + length; };
  auto found = first;
  while (found != runs_.end() && !fits(found)) ++found;
  if (found == runs_.end()) {
    hint = 0;
    found = std::find_if(runs_.begin(), runs_.end(), [&](const auto& run) { return run.second >= length; });
    if (found == runs_.end()) return std::nullopt;
  }
  const BlockRun run{found->first, found->second};
  const std::uint64_t at = std::max(run.start, hint);
  runs_.erase(found);
  if (at > run.start) runs_.emplace(run.start, at - run.start);
  if (run.start + run.length > at + length) runs_.emplace(at + length, run.start + run.length - at - length);
  return at;
}

std::vector<BlockRun> FreeRuns::runs() const {
  std::vector<BlockRun> result;
  result.reserve(runs_.size());
  for (const auto& [start, length] : runs_) result.push_back({start, length});
  return result;
}

BlockAllocator::BlockAllocator(std::vector<BlockRun> free, std::uint64_t end, Alignment alignment)
    : runs_(std::move(free)), gaps_(alignment.blocks), end_(end), alignment_(alignment) {
  for (const BlockRun& run : runs_) free_blocks_ += run.length;
}

std::vector<BlockRun> BlockAllocator::remaining() const {
  std::vector<BlockRun> pieces;
  std::copy_if(runs_.begin(), runs_.end(), std::back_inserter(pieces),
               [](const BlockRun& run) { return run.length > 0; });
  for (std::size_t length = 1; length < gaps_.size(); ++length) {
    for (const std::uint64_t start : gaps_[length]) pieces.push_back({start, length});
  }
  std::sort(pieces.begin(), pieces.end(), [](const BlockRun& a, const BlockRun& b) { return a.start < b.start; });
  std::vector<BlockRun> result;
  for (const BlockRun& piece : pieces) {
    if (!result.empty() && result.back().start + result.back().length == piece.start) {
      result.back().length += piece.length;
    } else {
      result.push_back(piece);
    }
  }
  return result;
}

std::uint64_t BlockAllocator::gap_before(const BlockRun& run, Align align) const {
  if (align == Align::No) return 0;
  return round_up(run.start + alignment_.phase, alignment_.blocks) - (run.start + alignment_.phase);
}

void BlockAllocator::add_gap(BlockRun gap) {
  if (gap.length == 0) return;
  gaps_[gap.length].push_back(gap.start);
  gap_blocks_ += gap.length;
}

std::optional<BlockRun> BlockAllocator::take_gap(std::uint64_t blocks) {
  for (std::size_t length = blocks; length < gaps_.size(); ++length) {
    if (gaps_[length].empty()) continue;
    const std::uint64_t start = gaps_[length].back();
    gaps_[length].pop_back();
    gap_blocks_ -= length;
    add_gap({start + blocks, length - blocks});
    free_blocks_ -= blocks;
    return BlockRun{start, blocks};
  }
  return std::nullopt;
}

BlockRun BlockAllocator::take_from(std::size_t index, std::uint64_t blocks, Align align) {
  BlockRun& run = runs_[index];
  const std::uint64_t gap = gap_before(run, align);
  if (gap < run.length) {
    add_gap({run.start, gap});
    run.start += gap;
    run.length -= gap;
  }
  const BlockRun taken{run.start, std::min(run.length, blocks)};
  run.start += taken.length;
  run.length -= taken.length;
  free_blocks_ -= taken.length;
  return taken;
}

BlockRun BlockAllocator::take(std::uint64_t blocks, Align align) {
  if (align == Align::No) {
    if (const auto gap = take_gap(blocks)) return *gap;
  }
  while (first_ < runs_.size() && runs_[first_].length == 0) ++first_;
  if (first_ == runs_.size()) {
    const BlockRun beyond{end_ + shortage_, blocks};
    shortage_ += blocks;
    return beyond;
  }
  const std::size_t end = std::min(runs_.size(), first_ + kSearchRuns);
  for (std::size_t i = first_; i < end; ++i) {
    if (runs_[i].length >= blocks + gap_before(runs_[i], align)) return take_from(i, blocks, align);
  }
  for (std::size_t i = first_; i < end; ++i) {
    if (runs_[i].length >= kGoodPiece) return take_from(i, blocks, align);
  }
  return take_from(first_, blocks, align);
}

}  // namespace fstool::ext4

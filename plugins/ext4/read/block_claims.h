/// \file
/// Remembers which blocks of metadata were read, so that no image can have the same ones read again and again.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>

namespace fstool::ext4 {

/// A set of blocks, kept as ranges: those that lie side by side cost nothing. Not thread-safe.
class BlockClaims {
 public:
  /// Adds the `count` (at least 1) blocks from `first` on. False, and nothing is added, if it has one of them already.
  bool claim(std::uint64_t first, std::uint64_t count) {
    const std::uint64_t end = first + count;
    auto next = ends_.lower_bound(first);
    if (next != ends_.end() && next->first < end) return false;
    const auto previous = next == ends_.begin() ? ends_.end() : std::prev(next);
    if (previous != ends_.end() && previous->second > first) return false;

    const bool joins_next = next != ends_.end() && next->first == end;
    const std::uint64_t joined_end = joins_next ? next->second : end;
    if (joins_next) ends_.erase(next);
    if (previous != ends_.end() && previous->second == first) {
      previous->second = joined_end;
    } else {
      ends_.emplace(first, joined_end);
    }
    return true;
  }

  /// True if it has all of the `count` (at least 1) blocks from `first` on.
  bool has(std::uint64_t first, std::uint64_t count) const {
    const auto next = ends_.upper_bound(first);
    return next != ends_.begin() && std::prev(next)->second >= first + count;
  }

  /// The end of each range by its first block. Ranges may touch.
  const std::map<std::uint64_t, std::uint64_t>& ranges() const { return ends_; }

 private:
  std::map<std::uint64_t, std::uint64_t> ends_;  // by the first block of a range
};

}  // namespace fstool::ext4

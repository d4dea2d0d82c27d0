/// \file
/// A bitmap for numbers of blocks, of which large parts may be all zeros or all ones.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>

namespace fstool::ext4 {

/// One bit for each number; all begin as zero. Memory is taken for the segments of 4096 bits that have both zeros and
/// ones, and a few words for those that are all ones. Not thread-safe.
class SparseBitmap {
 public:
  using OnRange = std::function<void(std::uint64_t first, std::uint64_t count)>;

  /// Sets `count` bits from `first` on. Those that were set already are given to `on_taken`, as ranges.
  void set(std::uint64_t first, std::uint64_t count, const OnRange& on_taken);
  void set(std::uint64_t first, std::uint64_t count) {
    set(first, count, [](std::uint64_t, std::uint64_t) {});
  }

  bool empty() const { return segments_.empty(); }
  /// True if any of `count` bits from `first` on is set.
  bool any(std::uint64_t first, std::uint64_t count) const { return find(first, count).count > 0; }
  /// Bits that are set.
  struct Found {
    std::uint64_t count = 0;
    std::uint64_t first = 0;  ///< of them, if there is one
  };
  /// Which of `count` bits from `first` on are set.
  Found find(std::uint64_t first, std::uint64_t count) const;
  /// Copies the bits from `first` (a multiple of 8) on, the lowest bit of a byte first.
  void copy(std::uint64_t first, std::span<std::byte> out) const;

 private:
  static constexpr std::uint64_t kWordBits = 64;
  static constexpr std::uint64_t kSegmentBits = 4096;
  using Words = std::array<std::uint64_t, kSegmentBits / kWordBits>;
  /// Null: all ones.
  using Segment = std::unique_ptr<Words>;

  /// What of one segment a range is about.
  struct Part {
    std::uint64_t segment;
    std::uint64_t begin;  // bits into the segment
    std::uint64_t end;
  };
  static Part first_part(std::uint64_t first, std::uint64_t count);
  static void find_in_words(const Words& words, const Part& part, Found& found);
  static void set_words(Words& words, const Part& part, const OnRange& on_taken);

  std::unordered_map<std::uint64_t, Segment> segments_;
};

}  // namespace fstool::ext4

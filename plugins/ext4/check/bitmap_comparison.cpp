#include "check/bitmap_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace fstool::ext4 {

namespace {

bool bit_of(std::span<const std::byte> bits, std::uint64_t bit) {
  return (std::to_integer<unsigned>(bits[bit / 8]) >> (bit % 8) & 1U) != 0;
}

/// How many bits differ in one way, and which is the first.
struct Difference {
  std::uint64_t count = 0;
  std::uint64_t first = 0;

  void add(std::uint64_t bit) {
    if (count++ == 0) first = bit;
  }
};

}  // namespace

std::string compare_bitmaps(std::span<const std::byte> recorded, std::span<const std::byte> actual, std::uint64_t count,
                            std::string_view things, const std::function<std::uint64_t(std::uint64_t bit)>& number_of) {
  Difference marked;
  Difference unmarked;
  for (std::uint64_t bit = 0; bit < count; ++bit) {
    if (bit % 8 == 0 && count - bit >= 8 && recorded[bit / 8] == actual[bit / 8]) {
      bit += 7;
      continue;
    }
    if (bit_of(recorded, bit) == bit_of(actual, bit)) continue;
    (bit_of(recorded, bit) ? marked : unmarked).add(bit);
  }
  std::string text;
  if (marked.count > 0) {
    text = fmt::format("{} free {} are marked as in use, from {} on", marked.count, things, number_of(marked.first));
  }
  if (unmarked.count > 0) {
    text += fmt::format("{}{} {} that are in use are marked as free, from {} on", text.empty() ? "" : "; ",
                        unmarked.count, things, number_of(unmarked.first));
  }
  return text;
}

bool is_padding(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0xFF}; });
}

std::uint64_t count_bits(std::span<const std::byte> bytes) {
  std::uint64_t count = 0;
  for (; bytes.size() >= sizeof(std::uint64_t); bytes = bytes.subspan(sizeof(std::uint64_t))) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    count += static_cast<std::uint64_t>(std::popcount(word));
  }
  for (const std::byte byte : bytes) {
    count += static_cast<std::uint64_t>(std::popcount(std::to_integer<unsigned>(byte)));
  }
  return count;
}

}  // namespace fstool::ext4

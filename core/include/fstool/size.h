/// \file
/// Sizes in bytes, as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fstool/api.h"

namespace fstool {

/// A number of bytes, as its own type so that an option of it parses "64KiB".
struct Bytes {
  std::uint64_t value = 0;
  friend auto operator<=>(const Bytes&, const Bytes&) = default;
};

/// Parses bare bytes ("512"), KiB MiB GiB TiB PiB (powers of 1024) and KB MB GB TB PB (powers of 1000), with an
/// optional fraction ("1.5GiB") where the result is a whole number of bytes, and optional blanks before the unit. Units
/// are case-insensitive; K, M, G, T alone mean the powers of 1024. nullopt if it is anything else or exceeds 2^63 - 1.
FSTOOL_API std::optional<Bytes> parse_size(std::string_view text);

/// For people: the largest unit of 1024 in which the number has at most one decimal, rounded: "64 KiB", "1.5 GiB", "17
/// bytes".
FSTOOL_API std::string format_size(std::uint64_t bytes);

/// As a spec would say it, exactly: in the largest unit of 1024 that divides the number: "64KiB", "1537".
FSTOOL_API std::string size_text(std::uint64_t bytes);

/// The smallest multiple of `multiple` (at least 1) that is not below `value`. The caller makes sure it fits 64 bits.
constexpr std::uint64_t round_up(std::uint64_t value, std::uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}
/// value / divisor, rounded up.
constexpr std::uint64_t div_ceil(std::uint64_t value, std::uint64_t divisor) {
  return value / divisor + (value % divisor != 0 ? 1 : 0);
}

}  // namespace fstool

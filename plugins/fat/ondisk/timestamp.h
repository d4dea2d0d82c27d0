/// \file
/// Times in directory entries. They have no time zone: fstool takes them for UTC, as `mount -o tz=UTC` does.
#pragma once

#include <cstdint>

#include "fstool/tree.h"

namespace fstool::fat {

/// Days from 1980 to 2107, in steps of two seconds.
struct FatTime {
  std::uint16_t date = 0;       ///< year - 1980 << 9 | month << 5 | day
  std::uint16_t time = 0;       ///< hour << 11 | minute << 5 | second / 2
  std::uint8_t hundredths = 0;  ///< to be added: 0 … 199
  friend auto operator<=>(const FatTime&, const FatTime&) = default;
};

inline constexpr std::int64_t kMinFatSeconds = 315'532'800;    ///< 1980-01-01T00:00:00Z
inline constexpr std::int64_t kMaxFatSeconds = 4'354'819'199;  ///< 2107-12-31T23:59:59Z

/// Any bits have a meaning, the kernel's: month and day 0 are 1, and what is too large counts on.
Timestamp from_fat_time(const FatTime& time);

/// Rounded down to 10 ms, of which `time` alone keeps two seconds. Times beyond the limits become the nearest limit.
FatTime to_fat_time(Timestamp time);

}  // namespace fstool::fat

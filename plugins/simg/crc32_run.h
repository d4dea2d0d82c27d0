/// \file
/// CRC-32 of bytes that are put together from parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fstool::simg {

/// A run of bytes, known by its length and its CRC-32 (IEEE 802.3) alone. So parts can be looked at in any order, and
/// runs of a repeated pattern need not be looked at byte by byte.
struct Crc32Run {
  std::uint64_t length = 0;  ///< bytes
  std::uint32_t crc = 0;

  static Crc32Run of(std::span<const std::byte> bytes);
  /// `count` times this run.
  Crc32Run repeated(std::uint64_t count) const;
  /// Puts `next` behind this run. The sum of the lengths fits 64 bits.
  Crc32Run& operator+=(const Crc32Run& next);
};

}  // namespace fstool::simg

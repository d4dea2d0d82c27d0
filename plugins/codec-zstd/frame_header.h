/// \file
/// What zstd writes around its compressed blocks (RFC 8878, section 3.1), as far as frames can be found by it.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "fstool/window_reader.h"

namespace fstool::zstd {

/// A frame of compressed data begins with this (section 3.1.1).
inline constexpr std::uint32_t kFrameMagic = 0xFD2FB528;
/// A frame that decoders skip begins with this, or one of the 15 numbers behind it (section 3.1.2).
inline constexpr std::uint32_t kSkippableMagic = 0x184D2A50;
inline constexpr std::uint32_t kSkippableMask = 0xFFFFFFF0;

/// What a frame to be skipped begins with (section 3.1.2).
struct SkippableHeader {
  boost::endian::little_uint32_t magic;
  boost::endian::little_uint32_t bytes;  ///< of what follows
};
static_assert(sizeof(SkippableHeader) == 8);

/// What every block begins with (section 3.1.1.2).
struct BlockHeader {
  boost::endian::little_uint24_t bits;

  bool is_last() const { return (bits & 1U) != 0; }
  /// 0: raw, 1: one byte repeated, 2: compressed, 3: reserved.
  unsigned type() const { return bits >> 1U & 3U; }
  /// Of what follows, in bytes.
  std::uint32_t stored() const { return type() == 1 ? 1 : bits >> 3U; }
};
static_assert(sizeof(BlockHeader) == 3);

/// A frame header, parsed (section 3.1.1.1).
struct FrameHeader {
  std::uint32_t bytes = 0;                    ///< of the header, its magic included
  bool has_checksum = false;                  ///< 4 bytes behind the last block
  std::optional<std::uint64_t> content_size;  ///< in bytes; nothing: not told
};

/// The longest frame header: magic, descriptor, window, dictionary and content size.
inline constexpr std::size_t kLongestFrameHeader = 4 + 1 + 1 + 4 + 8;

/// The header of the frame of compressed data at `offset`; nothing if none begins there, or the file ends in it.
std::optional<FrameHeader> read_frame_header(WindowReader& file, std::uint64_t offset);

}  // namespace fstool::zstd

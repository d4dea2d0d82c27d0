/// \file
/// Deflate with ISA-L's igzip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "fstool/codec.h"

namespace fstool::deflate {

inline constexpr int kHighestIsalLevel = 3;

/// `level` in [1, kHighestIsalLevel], `window_bits` in [9, 15].
std::unique_ptr<Compressor> make_isal_compressor(int level, int window_bits);
std::unique_ptr<Decompressor> make_isal_decompressor();
/// Reads one zlib stream (RFC 1950), and checks its sum.
std::unique_ptr<Decompressor> make_isal_zlib_decompressor();

/// The Adler-32 checksum of `bytes` (RFC 1950, section 9).
std::uint32_t isal_adler32(std::span<const std::byte> bytes);

}  // namespace fstool::deflate

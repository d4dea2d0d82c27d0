/// \file
/// Raw deflate with ISA-L's igzip.
#pragma once

#include <memory>

#include "fstool/codec.h"

namespace fstool::deflate {

inline constexpr int kHighestIsalLevel = 3;

/// `level` in [1, kHighestIsalLevel], `window_bits` in [9, 15].
std::unique_ptr<Compressor> make_isal_compressor(int level, int window_bits);
std::unique_ptr<Decompressor> make_isal_decompressor();

}  // namespace fstool::deflate

/// \file
/// Sizes for libraries that count bytes in 32 bits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "fstool/error.h"

namespace fstool::deflate {

/// Throws Error(Internal) for blocks that don't fit 32 bits: what is to be compressed can't be cut short.
inline std::uint32_t checked_size(std::size_t bytes) {
  if (bytes > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorCode::Internal, "a block to deflate has more than 4 GiB");
  }
  return static_cast<std::uint32_t>(bytes);
}

/// For buffers of which the stream may use only a part.
inline std::uint32_t clamped_size(std::size_t bytes) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(bytes, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace fstool::deflate

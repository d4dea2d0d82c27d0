/// \file
/// Deflate streams of stored blocks: what a wrapper holds that deflate would make longer.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "fstool/codec.h"

namespace fstool::deflate {

/// The bytes of a stream that stores `bytes` bytes: no stream of deflate_or_store() is longer.
std::size_t stored_size(std::size_t bytes);

/// Compresses `in` into `out`, or stores it if that is shorter, and returns the number of bytes used; nothing if they
/// don't fit. The stream doesn't depend on the room.
std::optional<std::size_t> deflate_or_store(Compressor& deflate, std::span<const std::byte> in,
                                            std::span<std::byte> out);

}  // namespace fstool::deflate

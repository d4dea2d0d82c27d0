/// \file
/// Small images as the fuzzer mutates and the repository stores them: without what is zero.
///
/// A packed image is its size in units of 64 bytes (16 bits, little-endian, 0 meaning 65536) and then any number of
/// records, each a number of 64 bytes (16 bits, little-endian) and those bytes. Any bytes are a packed image: what is
/// cut off or lies beyond the end does not count.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace fstool::fuzz {

std::vector<std::byte> unpack_image(std::span<const std::byte> packed);

/// Throws std::length_error for an image of more than 4 MiB.
std::vector<std::byte> pack_image(std::span<const std::byte> image);

}  // namespace fstool::fuzz

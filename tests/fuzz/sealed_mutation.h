/// \file
/// Mutations that checksums don't stop: of most mutated images the checksums are put right again, so that readers look
/// at what they protect.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fstool::fuzz {

/// Puts the checksums in an image right, whatever else is in it.
using Seal = void (*)(std::span<std::byte> image);

/// What LLVMFuzzerCustomMutator() has to do with a packed image: mutates the `size` bytes at `data`, which has room for
/// `max_size`, and returns how many they are then. `seed` decides whether the image is sealed.
std::size_t mutate_sealed(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed, Seal seal);

}  // namespace fstool::fuzz

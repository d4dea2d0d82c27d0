/// \file
/// The range check that every Blob makes before it reads.
#pragma once

#include <cstdint>

#include "fstool/blob.h"

namespace fstool {

/// True if [offset, offset + length) lies inside [0, size). No overflow.
constexpr bool is_inside(std::uint64_t offset, std::uint64_t length, std::uint64_t size) {
  return offset <= size && length <= size - offset;
}

/// Throws Error(Internal) unless [offset, offset + length) lies inside `blob`.
void check_inside(const Blob& blob, std::uint64_t offset, std::uint64_t length);

}  // namespace fstool

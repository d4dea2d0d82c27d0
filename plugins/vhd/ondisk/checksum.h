/// \file
/// The checksum of the footer and of the dynamic disk header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fstool::vhd {

/// The one's complement of the sum of all bytes, those of the field "checksum" taken as zero.
template <class Structure>
std::uint32_t checksum_of(Structure structure) {
  structure.checksum = 0;
  std::uint32_t sum = 0;
  for (const std::byte byte : std::as_bytes(std::span(&structure, 1))) sum += std::to_integer<std::uint32_t>(byte);
  return ~sum;
}

}  // namespace fstool::vhd

/// \file
/// The checksums of VHD images.
#pragma once

#include <cstddef>
#include <span>

namespace fstool::fuzz {

/// Gives the footer at either end of `image`, and the dynamic disk headers that they lead to, the right checksums.
void seal_vhd(std::span<std::byte> image);

}  // namespace fstool::fuzz

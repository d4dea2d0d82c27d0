/// \file
/// Does with an image what a user of the ext4 reader may do.
#pragma once

#include <cstddef>
#include <span>

namespace fstool::fuzz {

/// walk_filesystem() with ext4.
void walk_ext4_image(std::span<const std::byte> image);

}  // namespace fstool::fuzz

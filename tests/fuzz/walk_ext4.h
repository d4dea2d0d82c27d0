/// \file
/// Does with an image what a user of the ext4 reader may do.
#pragma once

#include <cstddef>
#include <span>

namespace fstool::fuzz {

/// Checks the image, opens it, walks the whole tree and reads contents, runs and extended attributes; of very large
/// files only the beginning. Errors of fstool end it silently: hostile images are refused. Everything else is a bug,
/// and so is a tree that contradicts itself (std::logic_error).
void walk_ext4_image(std::span<const std::byte> image);

}  // namespace fstool::fuzz

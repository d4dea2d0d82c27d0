/// \file
/// Does with an image what a user of a file system's reader may do.
#pragma once

#include <cstddef>
#include <span>

#include "fstool/filesystem.h"
#include "fstool/registry.h"

namespace fstool::fuzz {

/// Checks the image, asks for its facts, opens it, in parts too, walks the whole tree and reads contents, runs and
/// extended attributes (of very large files only the beginning), and asks what its bytes are used for. Errors of fstool
/// end it silently: hostile images are refused. Everything else is a bug, and so is what contradicts itself
/// (std::logic_error).
void walk_filesystem(Filesystem& filesystem, std::span<const std::byte> image, const Registry& registry);

}  // namespace fstool::fuzz

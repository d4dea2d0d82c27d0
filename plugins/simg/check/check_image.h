/// \file
/// Looks for everything that is wrong with a sparse image.
#pragma once

#include "fstool/blob.h"
#include "fstool/context.h"

namespace fstool::simg {

/// As Container::check(): reads the headers of all chunks, and the disk itself if the image has a CRC-32 of it.
void check_image(const Blob& file, Context& context);

}  // namespace fstool::simg

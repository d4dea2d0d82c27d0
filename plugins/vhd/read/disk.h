/// \file
/// The disk in an image, as a Blob.
#pragma once

#include "fstool/blob.h"
#include "fstool/container.h"
#include "read/image.h"

namespace fstool::vhd {

/// The disk of `file`, which `image` was read from. Blocks are taken whole, whatever their sector bitmaps say: those
/// tell which sectors a differencing disk has, and QEMU and Virtual PC write zeros where a dynamic one has none.
/// Entries of the table are looked up when somebody reads.
BlobPtr open_disk(const ContainerFile& file, const Image& image);

}  // namespace fstool::vhd

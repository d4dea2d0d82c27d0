/// \file
/// The disk in an image, as a Blob.
#pragma once

#include "fstool/blob.h"
#include "fstool/container.h"
#include "read/image.h"

namespace fstool::vdi {

/// The disk of `file`, which `image` was read from. Free and discarded blocks are zeros. Entries of the block map are
/// looked up when somebody reads.
BlobPtr open_disk(const ContainerFile& file, const Image& image);

}  // namespace fstool::vdi

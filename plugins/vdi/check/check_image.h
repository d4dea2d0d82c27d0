/// \file
/// Looks for everything that is wrong with an image.
#pragma once

#include "fstool/blob.h"
#include "fstool/context.h"

namespace fstool::vdi {

/// Tells context.report_damage() about entries of the block map that lead out of the image or to the place of another,
/// and about a wrong number of allocated blocks: what `qemu-img check` looks for, and blocks behind the end of the
/// file. Takes a bit for each block of the disk. Throws as read_image().
void check_image(const BlobPtr& file, Context& context);

}  // namespace fstool::vdi

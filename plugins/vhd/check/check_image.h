/// \file
/// Looks for everything that is wrong with an image.
#pragma once

#include "fstool/blob.h"
#include "fstool/context.h"

namespace fstool::vhd {

/// Tells context.report_damage() about wrong checksums, copies of the footer that differ, and blocks of a dynamic disk
/// that reach beyond the file or overlap the footers, the header, the table or each other. Takes 8 bytes for each block
/// that the table has. Throws as read_image().
void check_image(const BlobPtr& file, Context& context);

}  // namespace fstool::vhd

/// \file
/// Writes a disk as a VDI image, once and front to back:
///
///     header       written last
///     block map
///     blocks       from the next MiB on: all of them, or those that aren't all zeros, in the order of the disk
#pragma once

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/output_file.h"
#include "vdi.h"

namespace fstool::vdi {

/// Writes all of `disk`, of kMaxBlocks blocks at most. Zeros of a static image are holes of the file. Errors are those
/// of the disk and the output, and Error(Cancelled).
void write_image(const Blob& disk, OutputFile& output, const VdiOptions& options, Context& context);

}  // namespace fstool::vdi

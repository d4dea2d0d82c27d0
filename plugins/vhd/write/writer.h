/// \file
/// Writes a disk as a VHD, once and front to back. A fixed one:
///
///     the disk           zeros as holes of the file
///     footer
///
/// A dynamic one:
///
///     copy of the footer, written last
///     dynamic disk header
///     block allocation table
///     blocks             those that aren't all zeros, in the order of the disk, each behind its sector bitmap
///     footer
///
/// The data of each block lies at a multiple of 4 KiB of the file, as XenServer does it: the sector bitmaps, 512 bytes
/// each, would otherwise move every block to where the host's blocks and those of the guest never fit.
///
/// The footer names "qem2" as its creator, as QEMU does with force_size, so that readers who choose between the size of
/// the geometry and the exact one take the exact one. The geometry is that of the specification.
#pragma once

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/output_file.h"
#include "vhd.h"

namespace fstool::vhd {

/// Writes all of `disk`, of kMaxSectors sectors at most. Errors are those of the disk and the output,
/// Error(Unsupported) for too much data, and Error(Cancelled).
void write_image(const Blob& disk, OutputFile& output, const VhdOptions& options, Context& context);

}  // namespace fstool::vhd

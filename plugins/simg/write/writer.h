/// \file
/// Writes a disk as a sparse image, in one pass:
///
///     header         written last, when the number of chunks is known
///     chunks         each with its own header, that of raw data written when the next chunk begins
///     CRC-32 chunk   if asked for
///
/// What is a chunk depends on the bytes alone: a hole is a block of zeros like any other. So the image is the same
/// whether or not the host knows the holes of its files.
#pragma once

#include <cstdint>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/output_file.h"

namespace fstool::simg {

struct ImageParameters {
  std::uint32_t block_size = 0;  ///< bytes: a power of two, at most 1 MiB
  bool skip_zeros = false;       ///< blocks of zeros are not cared for
  bool crc32 = false;
};

/// Writes all of `disk`, whose blocks 32 bits can number; its end is padded with zeros to a whole block. Errors are
/// those of the disk and the output, and Error(Cancelled).
void write_image(const Blob& disk, OutputFile& output, const ImageParameters& parameters, Context& context);

}  // namespace fstool::simg

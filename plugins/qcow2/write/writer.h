/// \file
/// Writes a disk as a qcow2 image, once and front to back:
///
///     cluster 0          header and its extensions, written last
///     cluster 1 …        clusters of the disk that aren't all zeros, in guest order, batch by batch:
///                        compressed ones packed to the byte, then the others
///     behind the data    L2 tables (about a MiB of them at a time, so those of a large disk lie amid its data)
///                        L1 table
///                        refcount blocks
///                        refcount table
///
/// Which clusters exist depends on their bytes alone: data that is all zeros is left out like a hole. So the image is
/// the same whether or not the host knows the holes of its files, and every byte has to be looked at, which is why
/// ranges of host files are read rather than copied by the kernel.
#pragma once

#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/context.h"
#include "fstool/output_file.h"
#include "ondisk/geometry.h"
#include "ondisk/header.h"

namespace fstool::qcow2 {

/// Writes all of `disk`, which must not be larger than geometry.max_disk_size(). Its end is padded with zeros to a
/// whole sector. `codec` is null for an image without compressed clusters, else it makes streams of the type
/// `compression`. Errors are those of the disk, the output and the codec, Error(Unsupported) for too much data, and
/// Error(Cancelled).
void write_image(const Blob& disk, OutputFile& output, const Codec* codec, Geometry geometry,
                 CompressionType compression, Context& context);

}  // namespace fstool::qcow2

/// \file
/// Writes a disk as a qcow2 image, once and front to back:
///
///     cluster 0          header, its extensions and the name of the backing file, written last
///     cluster 1 …        clusters of the disk that need room, in guest order, batch by batch:
///                        compressed ones packed to the byte, then the others; those of a batch that has many begin
///                        at a block of the host, so that an unchanged batch can share its blocks with an earlier file
///     behind the data    L2 tables (about a MiB of them at a time, so those of a large disk lie amid its data)
///                        L1 table
///                        refcount blocks (those of many clusters lie amid the data as well)
///                        refcount table
///
/// Which clusters are stored depends on their bytes alone: data that is all zeros is treated like a hole. So the image
/// is the same whether or not the host knows the holes of its files, and every byte has to be looked at, which is why
/// ranges of host files are read rather than copied by the kernel.
///
/// Equal clusters that share a host cluster: the L2 entry of the first has kCopied set until the second is found, and
/// is then written again.
#pragma once

#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/context.h"
#include "fstool/output_file.h"
#include "write/image_settings.h"

namespace fstool::qcow2 {

/// Writes all of `disk`, which must not be larger than geometry.max_disk_size(). Its end is padded with zeros to a
/// whole sector. `codec` is null for an image without compressed clusters, else it makes streams of the type
/// settings.compression. Errors are those of the disk, the output and the codec, Error(Unsupported) for too much data,
/// and Error(Cancelled).
void write_image(const Blob& disk, OutputFile& output, const Codec* codec, const ImageSettings& settings,
                 Context& context);

}  // namespace fstool::qcow2

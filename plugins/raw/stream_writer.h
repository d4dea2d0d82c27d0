/// \file
/// Writes a disk as one compressed stream.
#pragma once

#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/context.h"
#include "fstool/output_file.h"

namespace fstool::raw {

/// Writes frames of `codec`, each with the next codec.frame_bytes() bytes of `disk`, made by all of context.workers(),
/// and the codec's index of them, front to back: what the codec's own tools decompress to `disk`. Memory is a frame for
/// each worker, and what the frames that are worked on or wait to be written are compressed to. Throws
/// Error(InvalidArgument) if the codec's frames can't be put together.
void write_stream(const Blob& disk, OutputFile& output, const Codec& codec, Context& context);

}  // namespace fstool::raw

/// \file
/// Writes a disk as one compressed stream.
#pragma once

#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/context.h"
#include "fstool/output_file.h"

namespace fstool::raw {

/// Writes frames of `codec`, each with the next 4 MiB of `disk`, made by all of context.workers(): what the codec's own
/// tools decompress to `disk`. Throws Error(InvalidArgument) if the codec's frames can't be put together.
void write_stream(const Blob& disk, OutputFile& output, const Codec& codec, Context& context);

}  // namespace fstool::raw

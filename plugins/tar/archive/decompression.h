/// \file
/// What an archive is compressed with is taken off before its members are read.
#pragma once

#include <cstddef>
#include <vector>

#include "archive/unpacked_bytes.h"
#include "archive_functions.h"
#include "fstool/blob.h"
#include "fstool/context.h"

namespace fstool::tar {

/// What the stream `input.file` decompresses to, appended to `unpacked`, which is empty; or the file itself, if it is
/// no stream. Streams of the codecs that the registry has are theirs, whose frames are decompressed in parallel;
/// libarchive has some more. A stream within a stream stays one. Throws Error(Corrupt/Unsupported/Io/NoSpace).
BlobPtr decompress(const ArchiveInput& input, UnpackedBytes& unpacked, Context& context);

/// The first bytes, at most `count`, that a stream of any kind that libarchive knows decompresses to; nothing if it is
/// none. Throws Error(Corrupt/Io) for a damaged one.
std::vector<std::byte> decompress_beginning(const BlobPtr& file, std::size_t count);

}  // namespace fstool::tar

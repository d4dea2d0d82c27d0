/// \file
/// Makes a Tree of what libarchive reads.
#pragma once

#include "archive_functions.h"
#include "fstool/api.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/layer.h"

namespace fstool::tar {

/// True if `file` begins as an archive does: with a member, after whatever decompression.
bool begins_as_archive(const BlobPtr& file);

/// The files of the archive `file`, whose root is the directory that it would be unpacked into; ArchiveTree says what
/// becomes of odd names. Contents of an uncompressed tar are slices of it; all else is decompressed once, now, into
/// memory or a temporary file. Throws Error(Corrupt/Unsupported/Io/NoSpace).
Layer load_archive(const BlobPtr& file, Context& context);

}  // namespace fstool::tar

extern "C" FSTOOL_API const fstool::tar::ArchiveFunctions fstool_tar_archive_functions;

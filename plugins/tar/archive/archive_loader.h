/// \file
/// Makes a Layer of what libarchive reads.
#pragma once

#include "archive_functions.h"
#include "fstool/api.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/layer.h"

namespace fstool::tar {

/// True if `file` begins as an archive does, after whatever decompression.
bool begins_as_archive(const BlobPtr& file);

/// The files of an archive, whose root is the directory that it would be unpacked into; ArchiveTree says what becomes
/// of odd names. What is compressed as a whole is decompressed once, now, into memory or a temporary file. Contents are
/// slices of that, or of the file; those that are compressed one by one, as in a zip, are decompressed now, too. Throws
/// Error(Corrupt/Unsupported/Io/NoSpace); Unsupported for what goes beyond the input's limits.
Layer load_archive(const ArchiveInput& input, Context& context);

}  // namespace fstool::tar

extern "C" FSTOOL_API const fstool::tar::ArchiveFunctions fstool_tar_archive_functions;

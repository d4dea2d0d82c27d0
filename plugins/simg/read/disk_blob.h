/// \file
/// The disk in a sparse image, as a Blob.
#pragma once

#include "fstool/blob.h"
#include "read/chunk_index.h"

namespace fstool::simg {

/// Reads are thread-safe. Runs are holes where the disk is filled with zeros or is not cared for.
BlobPtr make_disk_blob(BlobPtr file, ChunkIndex index);

}  // namespace fstool::simg

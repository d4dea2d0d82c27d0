/// \file
/// The part of the disk in a sparse extent, as a Blob.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "read/read_caches.h"
#include "read/sparse_extent.h"

namespace fstool::vmdk {

struct ExtentParts {
  std::string name;  ///< of the file, for messages
  SparseExtent extent;
  BlobPtr file;
  std::shared_ptr<ReadCaches> caches;
  std::uint32_t number = 0;  ///< among the extents of the disk
};

/// As large as the capacity of the extent. Reads are thread-safe and go through the caches: a compressed grain that is
/// read bit by bit is unpacked once. Runs are holes where no grain is stored. Errors name the grain. The registry of
/// `context` must outlive the Blob.
BlobPtr make_extent_blob(ExtentParts parts, const Context& context);

}  // namespace fstool::vmdk

/// \file
/// The disk in an image, as a Blob.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "read/image_header.h"
#include "read/read_caches.h"

namespace fstool::qcow2 {

/// One image of a backing chain and what it needs.
struct DiskParts {
  std::string name;  ///< of the image, for messages
  ImageHeader header;
  TablePlace l1;                ///< of the disk as it is now or of a snapshot
  std::uint64_t disk_size = 0;  ///< bytes
  BlobPtr file;
  BlobPtr data;     ///< where the plain clusters are: the file or an external data file
  BlobPtr backing;  ///< what the disk is where the image has nothing; null: zeros
  std::shared_ptr<ReadCaches> caches;
  std::uint32_t image = 0;  ///< its number in the chain
};

/// Reads are thread-safe and go through the caches: a compressed cluster that is read bit by bit is decompressed once.
/// Runs are holes where nothing is allocated and the backing file has a hole or none, where clusters are zeros, and
/// where the host's file has a hole. Errors name the guest cluster. The registry of `context` must outlive the Blob.
BlobPtr make_disk_blob(DiskParts parts, const Context& context);

}  // namespace fstool::qcow2

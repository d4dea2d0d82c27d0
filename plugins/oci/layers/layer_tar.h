/// \file
/// Makes the plain tar of a layer that is stored in whatever way, and checks it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "image/image.h"

namespace fstool::oci {

/// Counts what is decompressed for an image, up to a bound. Thread-safe.
class SizeBound {
 public:
  explicit SizeBound(std::uint64_t bytes) : most_(bytes) {}

  /// Throws Error(Unsupported) beyond the bound.
  void add(std::uint64_t bytes);

 private:
  std::uint64_t most_;
  std::atomic<std::uint64_t> total_{0};
};

/// The tar of a layer, whose digests were found to be right: the layer itself if it isn't compressed, else its bytes,
/// `memory_bytes` of which are kept in memory and the rest in a temporary file. Reads all of the layer, once; its bytes
/// are progress. Throws Error(Corrupt/Unsupported/NoSpace/…).
BlobPtr open_layer_tar(const StoredLayer& layer, std::uint64_t memory_bytes, SizeBound& bound, Context& context);

}  // namespace fstool::oci

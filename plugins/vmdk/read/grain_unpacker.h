/// \file
/// GrainUnpacker: decompresses grains.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/registry.h"
#include "ondisk/marker.h"

namespace fstool::vmdk {

/// Reads the marker at `offset`. Throws Error(Corrupt) unless it and a compressed grain that is at most twice
/// `grain_bytes` long follow in the file.
GrainMarker read_grain_marker(const Blob& file, std::uint64_t offset, std::uint64_t grain_bytes);

/// Thread-safe. Keeps as many decompressors as threads were at it at once.
class GrainUnpacker {
 public:
  /// The codec is looked for when the first grain is unpacked. `registry` must outlive this.
  explicit GrainUnpacker(const Registry& registry) : registry_(registry) {}

  /// Unpacks the grain behind the marker at `offset` into `out`, a whole grain. Of the disk's last grain, only `needed`
  /// bytes may be there; the rest is filled with zeros. Throws Error(Corrupt) if the grain is damaged or too short,
  /// Error(NotFound) if there is no plugin with the codec, and as Blob::read().
  void unpack(const Blob& file, std::uint64_t offset, std::uint64_t needed, std::span<std::byte> out);

 private:
  struct Worker {
    std::unique_ptr<Decompressor> decompressor;
    std::vector<std::byte> packed;
  };

  std::unique_ptr<Worker> take();
  void give_back(std::unique_ptr<Worker> worker);

  const Registry& registry_;
  std::mutex mutex_;
  std::unique_ptr<Codec> codec_;
  std::vector<std::unique_ptr<Worker>> idle_;
};

}  // namespace fstool::vmdk

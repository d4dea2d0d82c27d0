/// \file
/// DecompressorPool: decompressors, and the buffers that they read from, go from thread to thread.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/registry.h"
#include "ondisk/header.h"
#include "ondisk/mapping_entry.h"

namespace fstool::qcow2 {

/// Thread-safe. Keeps as many decompressors as threads were at it at once.
class DecompressorPool {
 public:
  /// The codec is looked for when the first cluster is decompressed. `registry` must outlive the pool.
  DecompressorPool(const Registry& registry, CompressionType type) : registry_(registry), type_(type) {}

  /// Decompresses the cluster whose payload is in `file` into `out`, which it has to fill exactly. A payload that
  /// reaches beyond the end of the file ends there: it is counted in whole sectors. Throws Error(Corrupt) if the
  /// payload is damaged or holds fewer or more bytes, Error(NotFound) if there is no plugin with the codec, and as
  /// Blob::read().
  void decompress(const Blob& file, const CompressedPayload& payload, std::span<std::byte> out);

 private:
  struct Worker {
    std::unique_ptr<Decompressor> decompressor;
    std::vector<std::byte> payload;
  };

  std::unique_ptr<Worker> take();
  void give_back(std::unique_ptr<Worker> worker);

  const Registry& registry_;
  CompressionType type_;
  std::mutex mutex_;
  std::unique_ptr<Codec> codec_;
  std::vector<std::unique_ptr<Worker>> idle_;
};

}  // namespace fstool::qcow2

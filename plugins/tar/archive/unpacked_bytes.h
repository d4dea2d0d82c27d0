/// \file
/// Where what an archive decompresses to is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "fstool/blob.h"
#include "fstool/spill.h"

namespace fstool::tar {

/// Decompressed bytes, up to a bound: in memory, then in a temporary file.
class UnpackedBytes {
 public:
  explicit UnpackedBytes(std::uint64_t max_size);

  /// Returns the offset of the first byte in blob(). Throws as Spill, and Error(Unsupported) beyond the bound.
  std::uint64_t append(std::span<const std::byte> bytes);
  /// Throws Error(Unsupported) if `size` bytes more would be beyond the bound.
  void require(std::uint64_t size) const;

  /// All bytes so far; it grows.
  const std::shared_ptr<Spill>& blob() const noexcept { return spill_; }

 private:
  std::shared_ptr<Spill> spill_;
  std::uint64_t max_size_;
};

}  // namespace fstool::tar

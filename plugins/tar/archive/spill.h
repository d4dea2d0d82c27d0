/// \file
/// Where decompressed contents go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fstool/blob.h"

namespace fstool::tar {

/// Bytes that are appended one after the other: the first kMemoryBytes are kept in memory, the rest in a temporary file
/// without a name. What is there never changes, so it is a Blob that grows. append() is for one thread, and what others
/// read has been appended before.
class Spill final : public Blob {
 public:
  static constexpr std::uint64_t kMemoryBytes = 64 * 1024 * 1024;

  Spill();
  ~Spill() override;

  /// Returns the offset of the first byte. Throws Error(Io/NoSpace) if the temporary file can't be written.
  std::uint64_t append(std::span<const std::byte> bytes);

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override;
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override;

 private:
  class TemporaryFile;

  static constexpr std::size_t kChunkBytes = 1024 * 1024;
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  std::shared_ptr<const TemporaryFile> file_;  // null as long as all is in memory
  std::uint64_t size_ = 0;
};

}  // namespace fstool::tar

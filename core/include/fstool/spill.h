/// \file
/// Spill: where bytes go that are made before anybody reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "fstool/api.h"
#include "fstool/blob.h"

namespace fstool {

/// Bytes that are appended one after the other: the first of them are kept in memory, the rest in a temporary file
/// without a name, in $TMPDIR or else /var/tmp. Zeros take no place. What is there never changes, so it is a Blob that
/// grows; append() is for one thread, while no other reads.
class FSTOOL_API Spill final : public Blob {
 public:
  struct Options {
    std::uint64_t memory_bytes = 8 * 1024 * 1024;  ///< so many are kept in memory
    bool tells_holes = false;                      ///< false: run_at() calls zeros data
  };

  /// Free space that is left to others on the file system with the temporary file, in bytes.
  static constexpr std::uint64_t kReservedSpace = 256 * 1024 * 1024;

  explicit Spill(Options options);
  Spill() : Spill(Options{}) {}
  ~Spill() override;
  Spill(const Spill&) = delete;
  Spill& operator=(const Spill&) = delete;

  /// Returns the offset of the first byte. Throws Error(NoSpace) if less than kReservedSpace would be left, and
  /// Error(Io) if the temporary file can't be made or written.
  std::uint64_t append(std::span<const std::byte> bytes);

  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override;
  Run run_at(std::uint64_t offset) const override;
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override;

 private:
  class TemporaryFile;

  /// As long as there is no file, `bytes` lie in one chunk.
  void append_piece(std::span<const std::byte> bytes);
  void write_to_file(std::span<const std::byte> bytes);

  static constexpr std::size_t kChunkBytes = 64 * 1024;
  Options options_;
  std::map<std::uint64_t, std::unique_ptr<std::byte[]>> chunks_;  // those in memory, by offset / kChunkBytes
  std::shared_ptr<TemporaryFile> file_;  // null as long as all is in memory; bytes lie at their offsets in the spill
  std::uint64_t size_ = 0;
};

}  // namespace fstool

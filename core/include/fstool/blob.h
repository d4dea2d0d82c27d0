/// \file
/// Blob: an immutable run of bytes. Files, partitions, file systems and disks are all Blobs.
///
/// Nothing is copied when Blobs are put together: a composed Blob refers to its parts, and the bytes are produced
/// when somebody reads them. Every Blob is immutable and may be read by any number of threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "fstool/api.h"

namespace fstool {

/// A stretch of a Blob that is of one kind.
struct Run {
  std::uint64_t length = 0;  ///< bytes, at least 1; may end before the next change of kind
  bool hole = false;         ///< true: all bytes are zero and need no storage
};

/// An open file of the host. Thread-safe.
class FSTOOL_API HostFile {
 public:
  virtual ~HostFile();
  /// A descriptor open for reading. It stays open as long as this object lives; never close it or move its offset.
  virtual int fd() const = 0;
  /// Throws Error(Changed) if the file is no longer what it was when it was listed. Call it after reading from fd().
  virtual void verify() const = 0;
};

/// A range of a host file that holds bytes of a Blob, so that the kernel can copy them.
struct HostRange {
  std::shared_ptr<const HostFile> file;
  std::uint64_t offset = 0;  ///< bytes into the file
};

class Fingerprint;

class FSTOOL_API Blob {
 public:
  virtual ~Blob();

  /// Size in bytes.
  virtual std::uint64_t size() const = 0;

  /// Fills all of `out` with the bytes from `offset` on. `offset + out.size()` must not exceed size().
  /// Throws Error (Io, Changed, Corrupt, …) if the bytes can't be had.
  virtual void read(std::uint64_t offset, std::span<std::byte> out) const = 0;

  /// The run that begins at `offset`, which must be less than size(). The default says: data up to the end.
  virtual Run run_at(std::uint64_t offset) const;

  /// Where the host stores the `length` bytes from `offset`, if they lie in one host file one after the other.
  /// May open a file, so ask only for ranges that are worth it (see kHostCopyThreshold). The default says: nowhere.
  virtual std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const;

  /// Adds to `out` what the `length` bytes from `offset` depend on: where the same is added in another run, the bytes
  /// are the same. The default reads them. Throws as read().
  virtual void fingerprint(std::uint64_t offset, std::uint64_t length, Fingerprint& out) const;
};

using BlobPtr = std::shared_ptr<const Blob>;

/// Below this many bytes an in-kernel copy costs more than it saves.
inline constexpr std::uint64_t kHostCopyThreshold = 256 * 1024;

/// The bytes of a host file (or block device) as it is now. Knows its holes (SEEK_DATA/SEEK_HOLE).
/// A regular file that changes afterwards is an error on read. Throws Error(NotFound/Io).
FSTOOL_API BlobPtr open_file_blob(const std::filesystem::path& path);

/// Bytes kept in memory.
FSTOOL_API BlobPtr make_memory_blob(std::vector<std::byte> bytes);

/// `size` zero bytes.
FSTOOL_API BlobPtr make_hole_blob(std::uint64_t size);

/// The `length` bytes of `whole` from `offset`. Throws Error(InvalidArgument) if they are not inside it.
FSTOOL_API BlobPtr make_slice_blob(BlobPtr whole, std::uint64_t offset, std::uint64_t length);

/// All of `blob`, followed by zeros up to `size` bytes. Throws Error(InvalidArgument) if `blob` is larger.
FSTOOL_API BlobPtr make_padded_blob(BlobPtr blob, std::uint64_t size);

/// Bytes made on demand. `generate(offset, out)` must fill all of `out`, be thread-safe and always give the same
/// bytes for the same range; ranges may begin and end anywhere.
FSTOOL_API BlobPtr make_generated_blob(std::uint64_t size,
                                       std::function<void(std::uint64_t offset, std::span<std::byte> out)> generate);

/// A part of a Blob that has a place in another one.
struct BlobPiece {
  std::uint64_t offset = 0;  ///< of its place
  BlobPtr part;
  std::uint64_t part_offset = 0;
  std::uint64_t length = 0;
};

/// `whole` with `pieces`, in any order, in place of its own bytes. Throws Error(Internal) if pieces overlap or lie
/// beyond its end, Error(InvalidArgument) for a piece that is not inside its part.
FSTOOL_API BlobPtr make_overlaid_blob(BlobPtr whole, std::vector<BlobPiece> pieces);

/// Composes Blobs side by side. What is not covered is a hole. Not thread-safe while building.
class FSTOOL_API BlobBuilder {
 public:
  BlobBuilder();
  ~BlobBuilder();
  BlobBuilder(const BlobBuilder&) = delete;
  BlobBuilder& operator=(const BlobBuilder&) = delete;

  /// Number of add() calls to come, as a hint.
  void reserve(std::size_t pieces);

  /// Places the `length` bytes of `part` from `part_offset` at `offset`. Pieces may be added in any order.
  /// Zero-length pieces are ignored. Throws Error(InvalidArgument) if the range is not inside `part`.
  void add(std::uint64_t offset, BlobPtr part, std::uint64_t part_offset, std::uint64_t length);
  /// Places all of `part` at `offset`.
  void add(std::uint64_t offset, BlobPtr part);

  /// The composed Blob, `size` bytes long; the builder is empty afterwards. Throws Error(Internal) if pieces overlap
  /// or lie beyond `size`.
  BlobPtr finish(std::uint64_t size);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A range of a Blob that has to be stored.
struct DataExtent {
  std::uint64_t offset = 0;  ///< bytes
  std::uint64_t length = 0;  ///< bytes
};

/// The parts of [offset, offset + length) that are not holes, widened to multiples of `granularity` bytes (a power of
/// two; `offset` must be a multiple of it) and merged where they touch; the last may end at `offset + length`.
FSTOOL_API std::vector<DataExtent> data_extents(const Blob& blob, std::uint64_t offset, std::uint64_t length,
                                                std::uint64_t granularity);

/// All of `blob` in memory. Throws Error(Unsupported) if it is larger than `limit` bytes.
FSTOOL_API std::vector<std::byte> read_all(const Blob& blob, std::uint64_t limit);

/// True if every byte of `bytes` is zero.
FSTOOL_API bool is_zero(std::span<const std::byte> bytes) noexcept;

}  // namespace fstool

/// \file
/// What an output can take from the one that it replaces, instead of making it again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "fstool/api.h"
#include "fstool/blob.h"

namespace fstool {

/// Names bytes: 192 bits of a SHA-256. Equal keys, equal bytes.
using PieceKey = std::array<std::byte, 24>;

/// Collects what bytes depend on: the bytes themselves, or something that changes when they do. Each addition is
/// delimited, so that no two sequences of them are taken for one another. Used by one thread at a time.
class FSTOOL_API Fingerprint {
 public:
  Fingerprint();
  ~Fingerprint();
  Fingerprint(const Fingerprint&) = delete;
  Fingerprint& operator=(const Fingerprint&) = delete;

  /// `length` zero bytes.
  void add_hole(std::uint64_t length);
  /// Bytes as they are.
  void add_bytes(std::span<const std::byte> bytes);
  /// `length` bytes from `offset` of something that `source` names: whatever it holds may change only together with
  /// the name.
  void add_range(std::string_view source, std::uint64_t offset, std::uint64_t length);

  /// The key of all that was added; begins anew.
  PieceKey finish();

 private:
  void add_head(char kind, std::uint64_t length);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// True if a file whose st_ctim is `changed_at` (seconds since 1970) can't change any more without its times showing
/// it: that was longer ago than a tick of any file system's clock.
FSTOOL_API bool is_settled(std::int64_t changed_at);

/// A stretch of an output.
struct StoredPiece {
  std::uint64_t offset = 0;  ///< bytes into the output's file
  std::uint32_t bytes = 0;
  std::uint32_t form = 0;  ///< how they are stored, in the container's own numbers
};

/// The output of the same request that is about to be replaced, and the record of the one that replaces it.
/// Thread-safe.
class FSTOOL_API EarlierOutput {
 public:
  virtual ~EarlierOutput();

  /// Where the earlier output has the piece that `key` names.
  virtual std::optional<StoredPiece> find(const PieceKey& key) const = 0;
  /// The earlier output's file; null if there is none, and then find() finds nothing.
  virtual const Blob* file() const = 0;
  /// The new output has the piece that `key` names at `piece`.
  virtual void note(const PieceKey& key, const StoredPiece& piece) = 0;
};

}  // namespace fstool

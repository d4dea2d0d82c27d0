/// \file
/// PieceStore: what an output is made of piece by piece, kept beside it, so that the next one takes what is the same.
///
/// The record of DIR/NAME is the file DIR/.NAME.fstool-pieces, little-endian:
///
///     16 bytes   "fstool-pieces 1\n"
///     24         names the request: what is asked for beside the contents of sources
///     24         names the output's file as it was left, and, if it was not synced, the time until the host restarts
///     8          number of pieces
///     40 each    key (24), offset (8), bytes (4), form (4), sorted by key
///     24         names all that is before
///
/// What can't be read as such a record, or belongs to another request or file, counts as none.
#pragma once

#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/blob.h"
#include "fstool/reuse.h"
#include "output_outcome.h"
#include "report.h"

namespace fstool {

/// Keeps 40 bytes for each piece of the earlier output, and up to 160 for each of the new one until it is saved.
class PieceStore final : public EarlierOutput {
 public:
  /// `request` names all that decides on the output beside the contents of its sources.
  PieceStore(std::filesystem::path output, std::string_view request);

  std::optional<StoredPiece> find(const PieceKey& key) const override;
  const Blob* file() const override { return file_.get(); }
  void note(const PieceKey& key, const StoredPiece& piece) override;

  /// Of the new output so far.
  PieceCounts counts() const;

  /// Replaces the record, once the output has taken its place as `outcome` says. Throws Error(Changed) if that is not
  /// known, else as write_record().
  void save(const OutputOutcome& outcome);

 private:
  using Piece = std::pair<PieceKey, StoredPiece>;

  void load();

  std::filesystem::path output_;
  PieceKey request_;
  BlobPtr file_;
  std::vector<Piece> earlier_;  ///< sorted by key
  mutable std::atomic<std::uint64_t> taken_ = 0;
  mutable std::mutex mutex_;
  std::vector<Piece> noted_;
};

/// Where the record of `output` is.
std::filesystem::path pieces_path(const std::filesystem::path& output);

}  // namespace fstool

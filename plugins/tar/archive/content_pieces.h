/// \file
/// Puts the content of one member together from pieces of other Blobs.
#pragma once

#include <cstdint>
#include <optional>

#include "fstool/blob.h"

namespace fstool::tar {

/// Pieces come in the order of their offsets; those that go on where the last one ends become one with it.
class ContentPieces {
 public:
  /// The `length` bytes of `from` from `from_offset`, which may still grow, at `offset` of the content. Throws
  /// Error(Corrupt) for a piece that begins before the last one ends, or ends beyond what a file may have.
  void add(std::uint64_t offset, const BlobPtr& from, std::uint64_t from_offset, std::uint64_t length);

  /// Where the last piece ends.
  std::uint64_t end() const noexcept { return end_; }

  /// The content, `size` bytes long; what no piece covers is a hole. Throws Error(Corrupt) for pieces beyond that, or
  /// beyond the end of what they are pieces of.
  BlobPtr finish(std::uint64_t size);

 private:
  struct Piece {
    std::uint64_t offset;
    BlobPtr from;
    std::uint64_t from_offset;
    std::uint64_t length;
  };

  void build_last();

  BlobBuilder builder_;
  std::optional<Piece> last_;  // not in the builder yet
  bool is_built_ = false;      // something is in the builder
  std::uint64_t end_ = 0;
};

}  // namespace fstool::tar

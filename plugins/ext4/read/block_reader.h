/// \file
/// Reads blocks of an opened file system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fstool/blob.h"

namespace fstool::ext4 {

/// The blocks of a file system, read from its image. Thread-safe.
class BlockReader {
 public:
  /// A file system of `blocks` blocks of `block_size` bytes; the image may be shorter.
  BlockReader(BlobPtr image, std::uint32_t block_size, std::uint64_t blocks);

  const BlobPtr& image() const { return image_; }
  std::uint32_t block_size() const { return block_size_; }
  std::uint64_t blocks() const { return blocks_; }

  /// Fills `out` from the start of `block` on. Throws Error(Corrupt) if the range does not lie in the file system, or
  /// the image ends before it.
  void read(std::uint64_t block, std::span<std::byte> out) const;
  /// One whole block. Errors as read().
  std::vector<std::byte> read(std::uint64_t block) const;

  /// True if `count` blocks from `block` on lie in the file system.
  bool contains(std::uint64_t block, std::uint64_t count) const;
  /// Bytes from `offset` of the image, which must lie in the file system. Throws Error(Corrupt) if the image ends
  /// before them.
  void read_bytes(std::uint64_t offset, std::span<std::byte> out) const;

  /// A stretch of blocks that the image stores, or does not.
  struct Stored {
    std::uint64_t blocks = 0;  ///< at least 1
    bool missing = false;      ///< the image has a hole there, or ends before it
  };
  /// What the image has of the `count` (at least 1) blocks from `block` on, which must lie in the file system.
  Stored stored_at(std::uint64_t block, std::uint64_t count) const;
  /// The same for blocks that are wrong if they are zero: few of them are taken for stored, since asking for holes
  /// costs as much as reading them.
  Stored readable_at(std::uint64_t block, std::uint64_t count) const;

 private:
  BlobPtr image_;
  std::uint32_t block_size_;
  std::uint64_t blocks_;
};

}  // namespace fstool::ext4

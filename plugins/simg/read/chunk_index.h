/// \file
/// ChunkIndex: where the blocks of the disk are in an image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fstool/blob.h"
#include "fstool/context.h"

namespace fstool::simg {

enum class ChunkKind : std::uint8_t { Raw, Fill, DontCare };

/// A chunk that holds blocks. It reaches up to the next one.
struct IndexedChunk {
  std::uint32_t first_block = 0;
  ChunkKind kind = ChunkKind::DontCare;
  std::uint64_t value = 0;  ///< Raw: offset of its data in the file, in bytes; Fill: what is repeated

  bool is_zero() const noexcept { return kind == ChunkKind::DontCare || (kind == ChunkKind::Fill && value == 0); }
};
static_assert(sizeof(IndexedChunk) == 16, "as large as what it takes in the file, nearly");

/// A CRC-32 that the image gives of the disk up to some block.
struct StoredChecksum {
  std::uint64_t blocks = 0;
  std::uint32_t crc32 = 0;
};

/// Immutable once read.
class ChunkIndex {
 public:
  ChunkIndex(std::uint32_t block_size, std::uint32_t blocks) : block_size_(block_size), blocks_(blocks) {}

  std::uint32_t block_size() const noexcept { return block_size_; }  ///< bytes, a multiple of 4
  std::uint64_t disk_bytes() const noexcept { return std::uint64_t{block_size_} * blocks_; }

  /// Chunks in the order of the disk, which they cover.
  const std::vector<IndexedChunk>& chunks() const noexcept { return chunks_; }
  /// The number of the chunk with a block of the disk.
  std::size_t chunk_with(std::uint64_t block) const;
  /// Bytes of the disk at which a chunk begins and ends.
  std::uint64_t begin_of(std::size_t chunk) const;
  std::uint64_t end_of(std::size_t chunk) const;

  /// In the order of their blocks.
  const std::vector<StoredChecksum>& checksums() const noexcept { return checksums_; }
  /// Where the last chunk ends in the file, in bytes.
  std::uint64_t end_in_file() const noexcept { return end_in_file_; }

 private:
  friend class IndexReader;

  std::uint32_t block_size_;
  std::uint32_t blocks_;
  std::vector<IndexedChunk> chunks_;
  std::vector<StoredChecksum> checksums_;
  std::uint64_t end_in_file_ = 0;
};

/// True if the file begins as a sparse image does. Never throws on damaged bytes.
bool probe(const Blob& file);

/// Reads the headers of the image and of all its chunks, and checks that they fit each other and the file. Memory is
/// about what the headers take in the file. Throws Error(Corrupt/Unsupported), Error(Cancelled), and as Blob::read().
ChunkIndex read_chunk_index(const Blob& file, const Context& context);

}  // namespace fstool::simg

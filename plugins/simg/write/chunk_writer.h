/// \file
/// ChunkWriter: makes chunks of what comes one after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "fstool/output_file.h"
#include "ondisk/sparse_image.h"
#include "write/append_buffer.h"

namespace fstool::simg {

/// What follows what is like it goes into the same chunk. Not thread-safe. Throws as OutputFile::write_at().
class ChunkWriter {
 public:
  /// Readers count the bytes of a chunk in 32 bits, some of them signed ones.
  static constexpr std::uint64_t kMaxChunkBytes = std::uint64_t{1} << 30U;

  /// Chunks begin behind the header of the image. `block_size` is at most kMaxChunkBytes.
  ChunkWriter(OutputFile& output, std::uint32_t block_size);

  /// Blocks as they are.
  void add_raw(std::span<const std::byte> blocks);
  /// Blocks of a repeated value.
  void add_fill(std::uint32_t value, std::uint64_t blocks);
  void add_dont_care(std::uint64_t blocks);
  void add_crc32(std::uint32_t crc32);
  /// Writes what is left. Call it once, last.
  void finish();

  /// After finish().
  std::uint32_t chunks() const noexcept { return chunks_; }
  /// After finish(): bytes of the image.
  std::uint64_t end() const noexcept { return buffer_.end(); }

 private:
  /// The chunk that grows.
  struct Chunk {
    ChunkType type = ChunkType::Raw;
    std::uint32_t value = 0;  ///< of Fill
    std::uint64_t blocks = 0;
    std::uint64_t header = 0;  ///< its place in the file, of Raw
  };

  /// Lets a chunk grow that can, or begins one, and returns by how many of `blocks` blocks.
  std::uint64_t grow(ChunkType type, std::uint32_t value, std::uint64_t blocks);
  void end_chunk();
  std::uint64_t max_blocks(ChunkType type) const;

  AppendBuffer buffer_;
  std::uint32_t block_size_;
  std::optional<Chunk> current_;
  std::uint32_t chunks_ = 0;
};

}  // namespace fstool::simg

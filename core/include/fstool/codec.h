/// \file
/// Codec: compression of blocks of bytes, which some containers put together to a stream.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fstool/api.h"
#include "fstool/stream.h"

namespace fstool {

/// Compresses one block after another. Used by one thread at a time; keeps its tables between calls.
class FSTOOL_API Compressor {
 public:
  virtual ~Compressor();
  /// Compresses all of `in` into `out` and returns the number of bytes used, or nothing if they don't fit.
  /// The result depends on `in` and the options alone, not on earlier calls. Throws Error(Internal).
  virtual std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) = 0;
};

/// The other direction. Used by one thread at a time.
class FSTOOL_API Decompressor {
 public:
  virtual ~Decompressor();
  /// Decompresses the stream that begins at in[0] and returns the number of bytes put into `out`. Bytes after the
  /// end of the stream are ignored (containers pad). Throws Error(Corrupt) if the stream is damaged, ends early,
  /// or holds more than out.size() bytes.
  virtual std::size_t decompress(std::span<const std::byte> in, std::span<std::byte> out) = 0;
};

/// The content of a frame where nothing speaks for another size: larger ones would be a little shorter, smaller ones
/// quicker to jump to.
inline constexpr std::size_t kUsualFrameBytes = std::size_t{4} << 20U;

/// One codec with its options applied. Thread-safe; a worker makes a Compressor of its own and keeps it.
class FSTOOL_API Codec {
 public:
  virtual ~Codec();
  /// The registered name, "deflate" or "zstd": containers that record which codec they used look at it.
  virtual std::string name() const = 0;
  virtual std::unique_ptr<Compressor> compressor() const = 0;
  virtual std::unique_ptr<Decompressor> decompressor() const = 0;
  /// The most bytes of earlier output that a decoder has to keep. A container whose readers keep less refuses the
  /// codec. The default, 0, says that the codec sets no bound below the size of a block.
  virtual std::size_t history_bytes() const { return 0; }
  /// If what compress() makes of consecutive blocks, one after the other, is a stream that the codec's own tools read
  /// as a whole (frames of zstd, members of gzip): the most bytes that a block of `bytes` bytes takes then, so that
  /// an output of that size is never too small. The default says that blocks can't be put together.
  virtual std::optional<std::size_t> frame_bound(std::size_t bytes) const;
  /// What makes such frames. The default is compressor().
  virtual std::unique_ptr<Compressor> frame_compressor() const;
  /// Bytes of content that each frame of a stream but the last should have. The default is kUsualFrameBytes.
  virtual std::size_t frame_bytes() const;
  /// What ends a stream of these frames, the first at offset 0: an index, which the codec's own tools skip. The default
  /// is nothing.
  virtual std::vector<std::byte> stream_trailer(std::span<const StreamFrame> frames) const;
  /// How streams of this codec are read, whoever made them. The default, null, says that it has none.
  virtual std::unique_ptr<StreamFormat> stream_format() const;
};

}  // namespace fstool

/// \file
/// Streams of compressed frames, as files have them: `disk.img.zst`, `disk.img.gz`.
///
/// A stream is one or more frames, each of which can be decompressed by itself and gives the bytes that follow those of
/// the frame before it: frames of zstd and LZ4, members of gzip, blocks of xz.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "fstool/api.h"
#include "fstool/blob.h"

namespace fstool {

class Context;

/// Where a frame lies, and what it holds.
struct StreamFrame {
  std::uint64_t offset = 0;  ///< bytes into the file
  std::uint64_t stored = 0;  ///< bytes that it takes in the file
  std::uint64_t size = 0;    ///< bytes that it decompresses to
  std::uint32_t kind = 0;    ///< what else the codec has to know to decompress it; 0 if nothing

  friend bool operator==(const StreamFrame&, const StreamFrame&) = default;
};

/// A list of frames has no more than these: who writes smaller frames than that has streams that are read from their
/// beginning.
inline constexpr std::size_t kMaxStreamFrames = std::size_t{1} << 20U;

/// Decompresses a stream from its beginning to its end. Used by one thread at a time. After an error it is of no use.
class FSTOOL_API StreamDecoder {
 public:
  struct Step {
    std::size_t consumed = 0;  ///< bytes of the input
    std::size_t produced = 0;  ///< bytes of the output
    bool frame_ended = false;  ///< all of a frame is out, and its checksum is right
  };

  virtual ~StreamDecoder();
  /// Decompresses some of `in`, which goes on where the last call stopped, into `out`, which has room for a byte at
  /// least. A step that does nothing wants more input. A step ends with a frame at the latest; the next one goes on
  /// with the frame behind it. Throws Error(Corrupt), and Error(Unsupported) for what needs too much memory.
  virtual Step decode(std::span<const std::byte> in, std::span<std::byte> out) = 0;
  /// True where the stream may end: not within a frame.
  virtual bool may_end() const = 0;
};

/// Decompresses frames in any order. Used by one thread at a time. After an error it is of no use.
class FSTOOL_API FrameDecoder {
 public:
  virtual ~FrameDecoder();
  /// Decompresses `frame`, whose bytes are `stored`, into `out`, which has frame.size bytes and is filled. Throws
  /// Error(Corrupt) if the frame is damaged, or holds fewer or more bytes, or ends before or behind `stored`; and
  /// Error(Unsupported) as StreamDecoder.
  virtual void decode(const StreamFrame& frame, std::span<const std::byte> stored, std::span<std::byte> out) = 0;
};

/// For codecs whose StreamDecoder can begin with any frame.
FSTOOL_API std::unique_ptr<FrameDecoder> make_frame_decoder(std::unique_ptr<StreamDecoder> decoder);

/// How a codec's streams are read. Thread-safe.
class FSTOOL_API StreamFormat {
 public:
  virtual ~StreamFormat();

  /// True if `file` begins as a stream of this codec. Never throws on damaged bytes.
  virtual bool probe(const Blob& file) const = 0;

  /// The frames of `file` in order, as far as the stream tells without being decompressed, by an index or by sizes with
  /// each frame; those without content may be left out. Nothing if it doesn't tell, or there are more than
  /// kMaxStreamFrames. All ranges lie in the file; whether a frame is as long as it says shows when it is decompressed.
  /// An index that contradicts the frames goes to context.report_damage(), and what the frames say counts. Throws
  /// Error(Corrupt) if the stream is cut off or something else follows it, where that shows.
  virtual std::optional<std::vector<StreamFrame>> frames(const Blob& file, Context& context) const = 0;

  virtual std::unique_ptr<FrameDecoder> frame_decoder() const = 0;
  virtual std::unique_ptr<StreamDecoder> stream_decoder() const = 0;
};

}  // namespace fstool

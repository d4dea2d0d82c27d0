/// \file
/// StreamReader: the content of a compressed stream, from its beginning to its end.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "fstool/api.h"
#include "fstool/blob.h"
#include "fstool/stream.h"

namespace fstool {

/// Gives a StreamDecoder the bytes of a file, each of which is read once. For one thread, but for position().
class FSTOOL_API StreamReader {
 public:
  /// Is told the bytes of the file in order, as they are read.
  using Listener = std::function<void(std::span<const std::byte>)>;

  /// `file` has to live as long as the reader.
  StreamReader(const Blob& file, std::unique_ptr<StreamDecoder> decoder, Listener on_read = {});

  /// Fills `out`, or the beginning of it if less is left, and returns how much: 0 at the end. Throws, naming frame and
  /// place, as the decoder and the file do, and Error(Corrupt) for a stream that is cut off. After an error it is of no
  /// use.
  std::size_t read(std::span<std::byte> out);

  /// Bytes of the file that were decompressed, also for other threads.
  std::uint64_t position() const noexcept { return position_; }

  /// Frames with content that were read up to their ends.
  std::uint64_t frames() const noexcept { return frames_; }

 private:
  std::size_t fill(std::span<std::byte> out);
  bool refill();
  void end_frame();

  const Blob& file_;
  std::unique_ptr<StreamDecoder> decoder_;
  Listener on_read_;
  std::vector<std::byte> buffer_;
  std::span<const std::byte> in_;            // of buffer_: what the decoder has not taken yet
  std::atomic<std::uint64_t> position_ = 0;  // of in_ in the file
  std::uint64_t frame_begin_ = 0;            // in the file
  std::uint64_t frames_ = 0;
  bool has_content_ = false;  // the current frame
};

}  // namespace fstool

#include "stream_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::raw {

namespace {

bool is_hole(const Blob& disk, std::uint64_t begin, std::uint64_t end) {
  while (begin < end) {
    const Run run = disk.run_at(begin);
    if (!run.hole) return false;
    begin += run.length;
  }
  return true;
}

/// Compresses frames, one at a time.
class FrameMaker {
 public:
  FrameMaker(const Codec& codec, std::size_t frame_bytes)
      : compressor_(codec.frame_compressor()),
        frame_bytes_(frame_bytes),
        in_(std::make_unique_for_overwrite<std::byte[]>(frame_bytes)) {}

  /// The bytes of `disk` in [begin, end), at most a frame, into `out`, which has room for them.
  std::size_t make(const Blob& disk, std::uint64_t begin, std::uint64_t end, std::span<std::byte> out) {
    const auto bytes = std::span(in_.get(), end - begin);
    disk.read(begin, bytes);
    return compress(bytes, out);
  }

  std::size_t make_zeros(std::span<std::byte> out) {
    const auto bytes = std::span(in_.get(), frame_bytes_);
    std::ranges::fill(bytes, std::byte{0});
    return compress(bytes, out);
  }

 private:
  std::size_t compress(std::span<const std::byte> bytes, std::span<std::byte> out) {
    const std::optional<std::size_t> size = compressor_->compress(bytes, out);
    if (!size) throw Error(ErrorCode::Internal, "a codec's frame is longer than its bound");
    return *size;
  }

  std::unique_ptr<Compressor> compressor_;
  std::size_t frame_bytes_;
  std::unique_ptr<std::byte[]> in_;
};

/// A frame that waits to be written. Its buffer, which has room for any frame, is kept for the next; the host gives it
/// no more memory than frames have used of it.
struct Frame {
  std::unique_ptr<std::byte[]> buffer;
  std::span<const std::byte> bytes;
};

}  // namespace

void write_stream(const Blob& disk, OutputFile& output, const Codec& codec, Context& context) {
  const std::optional<std::size_t> bound = codec.frame_bound(codec.frame_bytes());
  if (!bound) {
    throw Error(
        ErrorCode::InvalidArgument,
        fmt::format("a stream can't be made with the codec {}: choose one whose frames can be put together, such "
                    "as zstd, gzip, xz or lz4, or a container that compresses clusters, such as qcow2",
                    codec.name()));
  }
  const std::uint64_t size = disk.size();
  const std::size_t frame_bytes = codec.frame_bytes();
  // An empty disk is one empty frame: no bytes at all are no stream.
  const std::uint64_t frames = std::max<std::uint64_t>(1, div_ceil(size, frame_bytes));
  context.begin_step(fmt::format("writing {}", output.target().string()), size, "bytes");

  // Most of a large disk may be holes, which all give the same frame: it is made once, for the first of them.
  Frame zeros;
  std::once_flag zeros_made;
  const auto make_zeros = [&](FrameMaker& maker) {
    zeros.buffer = std::make_unique_for_overwrite<std::byte[]>(*bound);
    zeros.bytes = {zeros.buffer.get(), maker.make_zeros({zeros.buffer.get(), *bound})};
  };

  std::vector<std::unique_ptr<FrameMaker>> makers(context.workers().size());
  std::vector<Frame> slots(context.workers().slots());
  const auto end_of = [&](std::uint64_t index) { return std::min((index + 1) * frame_bytes, size); };
  const auto make = [&](std::uint64_t index, unsigned worker, unsigned slot) {
    const std::uint64_t begin = index * frame_bytes;
    const std::uint64_t end = end_of(index);
    Frame& frame = slots[slot];
    if (!makers[worker]) makers[worker] = std::make_unique<FrameMaker>(codec, frame_bytes);
    if (end - begin == frame_bytes && is_hole(disk, begin, end)) {
      std::call_once(zeros_made, make_zeros, *makers[worker]);
      frame.bytes = zeros.bytes;
      return;
    }
    if (!frame.buffer) frame.buffer = std::make_unique_for_overwrite<std::byte[]>(*bound);
    const std::size_t stored = makers[worker]->make(disk, begin, end, {frame.buffer.get(), *bound});
    frame.bytes = {frame.buffer.get(), stored};
  };
  std::uint64_t position = 0;
  std::vector<StreamFrame> written;
  const auto write = [&](std::uint64_t index, unsigned slot) {
    const std::span<const std::byte> bytes = slots[slot].bytes;
    const std::uint64_t content = end_of(index) - index * frame_bytes;
    output.write_at(position, bytes);
    written.push_back({.offset = position, .stored = bytes.size(), .size = content});
    position += bytes.size();
    context.advance(content);
  };
  context.workers().ordered(frames, make, write);
  const std::vector<std::byte> trailer = codec.stream_trailer(written);
  if (!trailer.empty()) output.write_at(position, trailer);
  output.set_size(position + trailer.size());
}

}  // namespace fstool::raw

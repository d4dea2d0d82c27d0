#include "stream_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "fstool/error.h"

namespace fstool::raw {

namespace {

/// Of a frame. Larger ones would be a little shorter, smaller ones quicker to jump to; memory is this and a little more
/// for each worker and each frame that waits to be written.
constexpr std::uint64_t kFrameBytes = 4 * 1024 * 1024;

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
  explicit FrameMaker(const Codec& codec) : compressor_(codec.compressor()), in_(kFrameBytes) {}

  /// The bytes of `disk` in [begin, end), at most a frame, into `out`, which has room for them.
  std::size_t make(const Blob& disk, std::uint64_t begin, std::uint64_t end, std::span<std::byte> out) {
    const auto bytes = std::span(in_).first(end - begin);
    disk.read(begin, bytes);
    return compress(bytes, out);
  }

  std::size_t make_zeros(std::span<std::byte> out) {
    std::ranges::fill(in_, std::byte{0});
    return compress(in_, out);
  }

 private:
  std::size_t compress(std::span<const std::byte> bytes, std::span<std::byte> out) {
    const std::optional<std::size_t> size = compressor_->compress(bytes, out);
    if (!size) throw Error(ErrorCode::Internal, "a codec's frame is longer than its bound");
    return *size;
  }

  std::unique_ptr<Compressor> compressor_;
  std::vector<std::byte> in_;
};

/// A frame that waits to be written. Its buffer is kept for the next.
struct Frame {
  std::vector<std::byte> buffer;
  std::span<const std::byte> bytes;
};

}  // namespace

void write_stream(const Blob& disk, OutputFile& output, const Codec& codec, Context& context) {
  const std::optional<std::size_t> bound = codec.frame_bound(kFrameBytes);
  if (!bound) {
    throw Error(
        ErrorCode::InvalidArgument,
        fmt::format("a stream can't be made with the codec {}: choose one whose frames can be put together, such "
                    "as zstd or gzip, or a container that compresses clusters, such as qcow2",
                    codec.name()));
  }
  const std::uint64_t size = disk.size();
  // An empty disk is one empty frame: no bytes at all are no stream.
  const std::uint64_t frames = std::max<std::uint64_t>(1, (size + kFrameBytes - 1) / kFrameBytes);
  context.begin_step(fmt::format("writing {}", output.target().string()), size, "bytes");

  // Most of a large disk may be holes, which all give the same frame.
  std::vector<std::byte> zeros(*bound);
  zeros.resize(FrameMaker(codec).make_zeros(zeros));

  std::vector<std::unique_ptr<FrameMaker>> makers(context.workers().size());
  std::vector<Frame> slots(context.workers().slots());
  const auto end_of = [&](std::uint64_t index) { return std::min((index + 1) * kFrameBytes, size); };
  const auto make = [&](std::uint64_t index, unsigned worker, unsigned slot) {
    const std::uint64_t begin = index * kFrameBytes;
    const std::uint64_t end = end_of(index);
    Frame& frame = slots[slot];
    if (end - begin == kFrameBytes && is_hole(disk, begin, end)) {
      frame.bytes = zeros;
      return;
    }
    if (!makers[worker]) makers[worker] = std::make_unique<FrameMaker>(codec);
    if (frame.buffer.empty()) frame.buffer.resize(*bound);
    frame.bytes = std::span(frame.buffer).first(makers[worker]->make(disk, begin, end, frame.buffer));
  };
  std::uint64_t position = 0;
  const auto write = [&](std::uint64_t index, unsigned slot) {
    const std::span<const std::byte> bytes = slots[slot].bytes;
    output.write_at(position, bytes);
    position += bytes.size();
    context.advance(end_of(index) - index * kFrameBytes);
  };
  context.workers().ordered(frames, make, write);
  output.set_size(position);
}

}  // namespace fstool::raw

#include "archive/decompression.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "archive/archive_reader.h"
#include "fstool/error.h"
#include "fstool/read_ahead.h"
#include "fstool/registry.h"
#include "fstool/stream.h"
#include "fstool/stream_reader.h"
#include "signature/signature.h"

namespace fstool::tar {

namespace {

/// Frames that are decompressed in parallel are whole in memory, a few for each thread.
constexpr std::uint64_t kLargestFrame = 16 * 1024 * 1024;

/// A stream that libarchive knows.
class FilterStream {
 public:
  /// Throws Error(Corrupt) if libarchive can make nothing at all of the file, or too much.
  explicit FilterStream(const BlobPtr& file) : reader_(file, Signature::Stream) {
    if (reader_.filters() > 1) throw Error(ErrorCode::Corrupt, "it is compressed more than once");
    is_empty_ = reader_.next() == nullptr;
  }

  bool is_compressed() const { return reader_.filters() != 0; }

  /// Fills `out`, or the beginning of it if less is left, and returns how much.
  std::size_t read(std::span<std::byte> out) {
    std::size_t filled = 0;
    while (filled < out.size()) {
      if (rest_.empty() && !take_block()) break;
      const auto part = rest_.first(std::min(rest_.size(), out.size() - filled));
      std::ranges::copy(part, out.subspan(filled).begin());
      rest_ = rest_.subspan(part.size());
      filled += part.size();
    }
    position_ = reader_.compressed_position();
    return filled;
  }

  /// Bytes of the input that were taken, also for other threads.
  std::uint64_t position() const noexcept { return position_; }

 private:
  bool take_block() {
    while (rest_.empty()) {
      const std::optional<DataBlock> block = is_empty_ ? std::nullopt : reader_.next_data();
      if (!block) {
        is_empty_ = true;
        return false;
      }
      rest_ = block->bytes;
    }
    return true;
  }

  ArchiveReader reader_;
  std::atomic<std::uint64_t> position_ = 0;
  std::span<const std::byte> rest_;  // of the last block
  bool is_empty_ = false;
};

struct CodecFormat {
  std::string name;
  std::unique_ptr<StreamFormat> format;
};

/// The codec of the registry whose stream `file` is, if any.
std::optional<CodecFormat> find_codec(const Blob& file, const Registry& registry) {
  for (const auto& [name, codec] : registry.all<Codec>()) {
    std::unique_ptr<StreamFormat> format = codec.create({})->stream_format();
    if (format && format->probe(file)) return CodecFormat{name, std::move(format)};
  }
  return std::nullopt;
}

void begin_step(const ArchiveInput& input, Context& context) {
  context.begin_step(fmt::format("decompressing {}", input.name), input.file->size(), "bytes");
}

template <class Stream>
void append_all(Stream& stream, UnpackedBytes& unpacked, Context& context) {
  for_each_piece(stream, context, [&](std::span<const std::byte> bytes) { unpacked.append(bytes); });
}

bool are_for_parallel(const std::vector<StreamFrame>& frames) {
  return frames.size() > 1 && std::ranges::all_of(frames, [](const StreamFrame& frame) {
           return frame.size <= kLargestFrame && frame.stored <= kLargestFrame;
         });
}

void append_frames(const Blob& file, const StreamFormat& format, const std::vector<StreamFrame>& frames,
                   UnpackedBytes& unpacked, Context& context) {
  struct Worker {
    std::unique_ptr<FrameDecoder> decoder;
    std::vector<std::byte> stored;
  };
  std::vector<Worker> workers(context.workers().size());
  std::vector<std::vector<std::byte>> contents(context.workers().slots());
  context.workers().ordered(
      frames.size(),
      [&](std::uint64_t index, unsigned number, unsigned slot) {
        const StreamFrame& frame = frames[index];
        Worker& worker = workers[number];
        if (!worker.decoder) worker.decoder = format.frame_decoder();
        worker.stored.resize(frame.stored);
        contents[slot].resize(frame.size);
        with_context([&] { return fmt::format("frame {} of {}, at byte {}", index + 1, frames.size(), frame.offset); },
                     [&] {
                       file.read(frame.offset, worker.stored);
                       worker.decoder->decode(frame, worker.stored, contents[slot]);
                     });
      },
      [&](std::uint64_t index, unsigned slot) {
        unpacked.append(contents[slot]);
        context.advance(frames[index].stored);
      });
}

void decompress_codec(const ArchiveInput& input, const StreamFormat& format, UnpackedBytes& unpacked,
                      Context& context) {
  begin_step(input, context);
  const std::optional<std::vector<StreamFrame>> frames = format.frames(*input.file, context);
  if (frames) {
    std::uint64_t size = 0;
    for (const StreamFrame& frame : *frames) {
      unpacked.require(size);  // so that the sum can't overflow
      size += std::min(frame.size, UINT64_MAX - size);
    }
    unpacked.require(size);
  }
  if (frames && are_for_parallel(*frames)) {
    append_frames(*input.file, format, *frames, unpacked, context);
    return;
  }
  StreamReader stream(*input.file, format.stream_decoder());
  append_all(stream, unpacked, context);
}

/// False if libarchive doesn't take the file for a stream.
bool decompress_filter(const ArchiveInput& input, UnpackedBytes& unpacked, Context& context) {
  FilterStream stream(input.file);
  if (!stream.is_compressed()) return false;
  begin_step(input, context);
  append_all(stream, unpacked, context);
  return true;
}

}  // namespace

BlobPtr decompress(const ArchiveInput& input, UnpackedBytes& unpacked, Context& context) {
  const Signature signature = signature_of(*input.file);
  if (signature != Signature::Stream && signature != Signature::None) return input.file;
  const std::optional<CodecFormat> codec = find_codec(*input.file, context.registry());
  if (codec) {
    with_context([&] { return fmt::format("as a {} stream", codec->name); },
                 [&] { decompress_codec(input, *codec->format, unpacked, context); });
    return unpacked.blob();
  }
  if (input.file->size() == 0 || !decompress_filter(input, unpacked, context)) return input.file;
  return unpacked.blob();
}

std::vector<std::byte> decompress_beginning(const BlobPtr& file, std::size_t count) {
  FilterStream stream(file);
  std::vector<std::byte> bytes;
  if (!stream.is_compressed()) return bytes;
  bytes.resize(count);
  bytes.resize(stream.read(bytes));
  return bytes;
}

}  // namespace fstool::tar

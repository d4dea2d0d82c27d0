#include "walk_codec.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <vector>

#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/stream.h"
#include "walking.h"

namespace fstool::fuzz {

namespace {

using ByteVector = std::vector<std::byte>;

constexpr std::size_t kMaxRoom = 1024 * 1024;
constexpr std::size_t kMaxFrames = 64;

/// Calls `work`; nothing if it throws what hostile bytes may lead to.
std::optional<ByteVector> unless_damaged(const std::function<std::optional<ByteVector>()>& work) {
  std::optional<ByteVector> result;
  tolerate([&] { result = work(); });
  return result;
}

ByteVector decompress_block(const Codec& codec, std::span<const std::byte> bytes, std::size_t room) {
  // Of exactly that size, so that the sanitizer sees a byte too much.
  const ByteVector in(bytes.begin(), bytes.end());
  ByteVector out(room);
  const std::size_t size = codec.decompressor()->decompress(in, out);
  require(size <= room, "more came out than there is room");
  out.resize(size);
  return out;
}

/// What was decompressed is compressed, and comes back.
void check_round_trip(const Codec& codec, const ByteVector& content) {
  ByteVector packed(codec.frame_bound(content.size()).value_or(content.size() + 1024));
  const std::optional<std::size_t> size = codec.compressor()->compress(content, packed);
  if (!size) return require(!codec.frame_bound(content.size()), "a block doesn't fit its bound");
  packed.resize(*size);
  require(decompress_block(codec, packed, content.size()) == content, "a block comes back as another");
}

/// The stream as a whole; nothing if it has more than kMaxRoom bytes.
std::optional<ByteVector> decode_stream(const StreamFormat& format, std::span<const std::byte> in) {
  ByteVector content;
  ByteVector out(64 * 1024);
  const std::unique_ptr<StreamDecoder> decoder = format.stream_decoder();
  for (bool moved = true; moved;) {
    const StreamDecoder::Step step = decoder->decode(in, out);
    require(step.consumed <= in.size() && step.produced <= out.size(), "a step goes too far");
    content.insert(content.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(step.produced));
    if (content.size() > kMaxRoom) return std::nullopt;
    in = in.subspan(step.consumed);
    moved = step.consumed > 0 || step.produced > 0 || step.frame_ended;
  }
  if (!in.empty() || !decoder->may_end()) throw Error(ErrorCode::Corrupt, "it is cut off");
  return content;
}

/// The stream by its frames; nothing if it doesn't tell where they are, or has too many or too large ones.
std::optional<ByteVector> decode_frames(const StreamFormat& format, const ByteVector& file, Context& context) {
  const BlobPtr blob = make_memory_blob(file);
  const std::optional<std::vector<StreamFrame>> frames = format.frames(*blob, context);
  if (!frames || frames->size() > kMaxFrames) return std::nullopt;
  ByteVector content;
  const std::unique_ptr<FrameDecoder> decoder = format.frame_decoder();
  for (const StreamFrame& frame : *frames) {
    require(frame.offset <= file.size() && frame.stored <= file.size() - frame.offset, "a frame is not in the file");
    if (frame.size > kMaxRoom - content.size()) return std::nullopt;
    ByteVector out(frame.size);
    decoder->decode(frame, std::span(file).subspan(frame.offset, frame.stored), out);
    content.insert(content.end(), out.begin(), out.end());
  }
  return content;
}

void walk_stream(const StreamFormat& format, std::span<const std::byte> bytes, const Registry& codecs) {
  ListeningContext listening(codecs);
  const ByteVector file(bytes.begin(), bytes.end());
  format.probe(*make_memory_blob(file));
  const auto whole = unless_damaged([&] { return decode_stream(format, file); });
  const auto by_frames = unless_damaged([&] { return decode_frames(format, file, listening.get()); });
  require(!whole || !by_frames || *whole == *by_frames, "frames hold something else than the stream");
}

}  // namespace

void walk_codec(std::span<const std::byte> input, const Registry& codecs) {
  constexpr std::size_t kHeaderBytes = 4;
  if (input.size() < kHeaderBytes) return;
  const auto byte = [&](std::size_t index) { return std::to_integer<std::size_t>(input[index]); };
  const auto& formats = codecs.all<Codec>();
  const auto chosen = std::next(formats.begin(), static_cast<std::ptrdiff_t>(byte(0) % formats.size()));
  const std::size_t room = std::min(byte(1) | byte(2) << 8U | byte(3) << 16U, kMaxRoom);
  const std::span<const std::byte> bytes = input.subspan(kHeaderBytes);

  const std::unique_ptr<Codec> codec = chosen->second.create({});
  const auto content = unless_damaged([&] { return decompress_block(*codec, bytes, room); });
  if (content) check_round_trip(*codec, *content);
  if (const std::unique_ptr<StreamFormat> format = codec->stream_format()) walk_stream(*format, bytes, codecs);
}

}  // namespace fstool::fuzz

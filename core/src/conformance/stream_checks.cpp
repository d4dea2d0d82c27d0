// The promises of "fstool/codec.h" about frames and of "fstool/stream.h" about streams of them.

#include "stream_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include "codec_blocks.h"
#include "damage.h"
#include "heard_context.h"
#include "parallel.h"

namespace fstool::conformance {

namespace {

constexpr std::size_t kMostDecodedBytes = 4 << 20U;

void append(ByteVector& bytes, const ByteVector& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

/// The frame of a block, made in exactly the room that the codec says it needs.
ByteVector frame_of(const Codec& codec, Compressor& compressor, const ByteVector& block) {
  const std::size_t bound = codec.frame_bound(block.size()).value();
  const std::optional<ByteVector> frame = compressed(compressor, block, bound);
  require(frame.has_value(), fmt::format("the frame of {} bytes doesn't fit its bound of {}", block.size(), bound));
  return *frame;
}

struct Stream {
  ByteVector file;
  ByteVector content;
};

Stream make_stream(const Codec& codec, const std::vector<ByteVector>& blocks) {
  Stream stream;
  std::vector<StreamFrame> frames;
  const auto compressor = codec.frame_compressor();
  for (const ByteVector& block : blocks) {
    const ByteVector frame = frame_of(codec, *compressor, block);
    frames.push_back({stream.file.size(), frame.size(), block.size(), 0});
    append(stream.file, frame);
    append(stream.content, block);
  }
  append(stream.file, codec.stream_trailer(frames));
  return stream;
}

std::vector<ByteVector> sample_frames() {
  return {mixed_bytes(40'000, 5), ByteVector(40'000), random_bytes(40'000, 6), text_bytes(1234, 7)};
}

/// Decompresses a stream from its beginning, in pieces of at most so many bytes; no more than kMostDecodedBytes.
ByteVector decoded(StreamDecoder& decoder, const ByteVector& file, std::size_t in_bytes, std::size_t out_bytes) {
  const GuardedBytes in(file, Guard::Back);
  const GuardedBytes out(out_bytes, Guard::Back);
  ByteVector content;
  std::size_t at = 0;
  std::size_t offered = 0;
  while (content.size() <= kMostDecodedBytes) {
    if (offered == 0) offered = std::min(in_bytes, file.size() - at);
    const StreamDecoder::Step step = decoder.decode(in.bytes().subspan(at, offered), out.bytes());
    require(step.consumed <= offered && step.produced <= out_bytes, "a step goes beyond its input or its room");
    content.insert(content.end(), out.bytes().begin(),
                   out.bytes().begin() + static_cast<std::ptrdiff_t>(step.produced));
    at += step.consumed;
    offered -= step.consumed;
    if (step.consumed > 0 || step.produced > 0 || step.frame_ended) continue;
    const std::size_t more = std::min(in_bytes, file.size() - at - offered);
    if (more == 0) break;
    offered += more;
  }
  require(at == file.size() || content.size() > kMostDecodedBytes, "it leaves bytes at the end of the stream");
  return content;
}

void check_decoder(CheckRun& run, const StreamFormat& format, const Stream& stream) {
  struct Sizes {
    std::size_t in;
    std::size_t out;
  };
  for (const Sizes bytes : {Sizes{1 << 20U, 1 << 20U}, Sizes{1 << 20U, 100}, Sizes{7, 1 << 20U}, Sizes{1, 333}}) {
    run.attempt(fmt::format("decompressed in pieces of {} bytes into {}", bytes.in, bytes.out), [&] {
      const auto decoder = format.stream_decoder();
      require(decoded(*decoder, stream.file, bytes.in, bytes.out) == stream.content, "other bytes come out");
      require(decoder->may_end(), "it says that the stream may not end where it ends");
    });
  }
}

/// Decompresses one frame, from and into guarded memory.
ByteVector decoded_frame(FrameDecoder& decoder, const StreamFrame& frame, const ByteVector& file) {
  require(frame.offset <= file.size() && frame.stored <= file.size() - frame.offset,
          "a frame lies outside of the file");
  const GuardedBytes stored(std::span<const std::byte>{file}.subspan(frame.offset, frame.stored), Guard::Back);
  const GuardedBytes out(frame.size, Guard::Back);
  decoder.decode(frame, stored.bytes(), out.bytes());
  return {out.bytes().begin(), out.bytes().end()};
}

/// By its frames, the last one first.
ByteVector decoded_by_frames(const StreamFormat& format, const std::vector<StreamFrame>& frames,
                             const ByteVector& file) {
  const auto decoder = format.frame_decoder();
  std::vector<ByteVector> contents(frames.size());
  for (std::size_t i = frames.size(); i-- > 0;) contents[i] = decoded_frame(*decoder, frames[i], file);
  ByteVector content;
  for (const ByteVector& piece : contents) append(content, piece);
  return content;
}

void check_frames(CheckRun& run, const StreamFormat& format, const Stream& stream, const Registry& registry) {
  run.attempt("its list of frames", [&] {
    HeardContext heard(registry, 1);
    const auto frames = format.frames(*make_memory_blob(stream.file), heard.get());
    if (!frames) throw Skip{"the stream doesn't tell where its frames are"};
    require(heard.damage().empty(), "damage is reported of a stream that has none");
    require(decoded_by_frames(format, *frames, stream.file) == stream.content, "the frames have other bytes");
    on_threads(run.settings().threads, [&](unsigned) {
      require(decoded_by_frames(format, *frames, stream.file) == stream.content, "on several threads: other bytes");
    });
  });
}

void check_stream_probe(CheckRun& run, const StreamFormat& format, const Stream& stream) {
  run.attempt("its own stream", [&] { require(format.probe(*make_memory_blob(stream.file)), "it is not recognized"); });
  for (const SampleBlock& file : foreign_files()) {
    run.attempt(file.name, [&] { require(!format.probe(*make_memory_blob(file.bytes)), "it is taken for a stream"); });
  }
}

void check_stream_damage(CheckRun& run, const StreamFormat& format, const Stream& stream, const Registry& registry) {
  with_damaged(run, "a stream", stream.file, [&](const ByteVector& damaged) {
    const auto blob = make_memory_blob(damaged);
    format.probe(*blob);
    tolerate([&] {
      const auto decoder = format.stream_decoder();
      const ByteVector content = decoded(*decoder, damaged, damaged.size() + 1, 64 * 1024);
      const bool noticed =
          damaged.size() == stream.file.size() || !decoder->may_end() || content == stream.content ||
          std::ranges::equal(content, std::span(stream.content).first(std::min(content.size(), stream.content.size())));
      require(noticed, "a stream that was cut off has other bytes");
    });
    tolerate([&] {
      HeardContext heard(registry, 1);
      const auto frames = format.frames(*blob, heard.get());
      const auto decoder = format.frame_decoder();
      if (!frames) return;
      for (const StreamFrame& frame : *frames) {
        if (frame.size <= kMostDecodedBytes) decoded_frame(*decoder, frame, damaged);
      }
    });
  });
}

}  // namespace

void check_streams(const Format<Codec>& format, Checklist& list) {
  const auto with_stream = [&](const char* name, const auto& check) {
    list.run(name, [&](CheckRun& run) {
      const auto codec = format.create({});
      const auto streams = codec->stream_format();
      if (!streams) throw Skip{"the codec reads no streams"};
      if (!codec->frame_bound(0)) throw Skip{"the codec makes no streams"};
      check(run, *streams, make_stream(*codec, sample_frames()));
    });
  };
  list.run("frames", [&](CheckRun& run) {
    const auto codec = format.create({});
    if (!codec->frame_bound(0)) throw Skip{"the codec makes no frames"};
    const auto compressor = codec->frame_compressor();
    for (const SampleBlock& block : sample_blocks(run.settings().thorough)) {
      run.attempt(block.name, [&] {
        const ByteVector frame = frame_of(*codec, *compressor, block.bytes);
        const ByteVector out = decompressed(*codec->decompressor(), frame, block.bytes.size());
        require(out == block.bytes, "it comes back as other bytes");
      });
    }
    run.attempt("frame_bytes()", [&] { require(codec->frame_bytes() > 0, "frames would be empty"); });
  });
  with_stream("stream_probe", check_stream_probe);
  with_stream("stream_decoder", check_decoder);
  with_stream("stream_frames", [&](CheckRun& run, const StreamFormat& streams, const Stream& stream) {
    check_frames(run, streams, stream, list.registry());
  });
  with_stream("stream_damage", [&](CheckRun& run, const StreamFormat& streams, const Stream& stream) {
    run.limit_memory(run.settings().damage_memory);
    check_stream_damage(run, streams, stream, list.registry());
  });
}

}  // namespace fstool::conformance

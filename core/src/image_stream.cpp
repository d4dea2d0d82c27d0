#include "image_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/registry.h"
#include "fstool/size.h"
#include "fstool/spill.h"
#include "fstool/stream.h"

namespace fstool {

namespace {

constexpr std::size_t kInputBytes = 256 * 1024;
constexpr std::size_t kOutputBytes = 1024 * 1024;
constexpr std::uint64_t kLargestSize = std::numeric_limits<std::int64_t>::max();

std::unique_ptr<StreamFormat> stream_format(const std::string& codec, const Registry& registry) {
  std::unique_ptr<StreamFormat> format = registry.get<Codec>(codec).create({})->stream_format();
  if (format) return format;
  throw Error(ErrorCode::InvalidArgument, fmt::format("the codec {} has no streams that could be read", codec));
}

/// True if it is worth the while to read frames one by one, and there is memory for it.
bool are_for_random_access(const std::vector<StreamFrame>& frames) {
  if (frames.size() == 1) return false;
  std::uint64_t size = 0;
  for (const StreamFrame& frame : frames) {
    if (frame.size > kLargestFrame || frame.stored > kLargestFrame || frame.size > kLargestSize - size) return false;
    size += frame.size;
  }
  return true;
}

/// Decompresses a stream from its beginning to its end.
class StreamReading {
 public:
  StreamReading(const Blob& file, StreamDecoder& decoder, Context& context)
      : file_(file), decoder_(decoder), context_(context), input_(kInputBytes), output_(kOutputBytes) {}

  /// Returns the number of frames with content.
  std::uint64_t run(Spill& spill) {
    with_context([&] { return fmt::format("frame {}, at byte {}", frames_ + 1, frame_begin_); },
                 [&] {
                   while (position_ < file_.size()) read_piece(spill);
                   if (!decoder_.may_end()) throw Error(ErrorCode::Corrupt, "it is cut off by the end of the file");
                 });
    return frames_;
  }

 private:
  void read_piece(Spill& spill) {
    auto in = std::span(input_).first(std::min<std::uint64_t>(kInputBytes, file_.size() - position_));
    file_.read(position_, in);
    std::size_t taken = 0;
    while (true) {
      const StreamDecoder::Step step = decoder_.decode(in.subspan(taken), output_);
      if (step.produced > kLargestSize - spill.size()) throw Error(ErrorCode::Unsupported, "it holds too many bytes");
      spill.append(std::span(output_).first(step.produced));
      taken += step.consumed;
      position_ += step.consumed;
      has_content_ = has_content_ || step.produced > 0;
      if (step.frame_ended) end_frame();
      context_.advance(step.consumed);
      if (step.consumed == 0 && step.produced == 0 && !step.frame_ended) break;  // it wants more input
    }
    if (taken == 0) throw Error(ErrorCode::Corrupt, "its decoder makes nothing of it");
  }

  void end_frame() {
    if (has_content_) ++frames_;
    has_content_ = false;
    frame_begin_ = position_;
  }

  const Blob& file_;
  StreamDecoder& decoder_;
  Context& context_;
  std::vector<std::byte> input_;
  std::vector<std::byte> output_;
  std::uint64_t position_ = 0;  // in the file
  std::uint64_t frame_begin_ = 0;
  std::uint64_t frames_ = 0;
  bool has_content_ = false;  // the current frame
};

void open_by_frames(ImageStream& stream, const BlobPtr& file, std::unique_ptr<StreamFormat> format,
                    std::vector<StreamFrame> frames) {
  auto blob = std::make_shared<const FrameBlob>(file, std::move(format), std::move(frames));
  stream.facts.frames = blob->frame_count();
  stream.facts.random_access = true;
  stream.frames = blob;
  stream.bytes = std::move(blob);
}

void decompress(ImageStream& stream, const Blob& file, const StreamFormat& format, const std::string& name,
                Context& context) {
  context.begin_step(fmt::format("decompressing {}", name), file.size(), "bytes");
  auto spill = std::make_shared<Spill>(Spill::Options{.tells_holes = true});
  const std::unique_ptr<StreamDecoder> decoder = format.stream_decoder();
  stream.facts.frames = StreamReading(file, *decoder, context).run(*spill);
  stream.bytes = std::move(spill);
}

}  // namespace

std::string find_stream_codec(const Blob& file, const FormatOverrides& overrides, const Registry& registry) {
  if (!overrides.codec.empty() || !overrides.container.empty()) return overrides.codec;
  for (const auto& [name, codec] : registry.all<Codec>()) {
    const std::unique_ptr<StreamFormat> format = codec.create({})->stream_format();
    if (format && format->probe(file)) return name;
  }
  return {};
}

std::optional<ImageStream> open_image_stream(const BlobPtr& file, const std::filesystem::path& name,
                                             const FormatOverrides& overrides, Context& context) {
  ImageStream stream;
  stream.facts.codec = find_stream_codec(*file, overrides, context.registry());
  if (stream.facts.codec.empty()) return std::nullopt;
  stream.facts.stored = file->size();
  std::unique_ptr<StreamFormat> format = stream_format(stream.facts.codec, context.registry());
  with_context([&] { return fmt::format("as a {} stream", stream.facts.codec); },
               [&] {
                 std::optional<std::vector<StreamFrame>> frames = format->frames(*file, context);
                 if (frames && are_for_random_access(*frames)) {
                   open_by_frames(stream, file, std::move(format), std::move(*frames));
                 } else {
                   decompress(stream, *file, *format, name.string(), context);
                 }
               });
  stream.facts.size = stream.bytes->size();
  return stream;
}

void check_image_stream(const ImageStream& stream, Context& context) {
  if (!stream.frames) return;
  const FrameBlob& frames = *stream.frames;
  context.begin_step("checking the frames of the stream", frames.frame_count(), "frames");
  std::vector<std::string> problems(context.workers().slots());
  context.workers().ordered(
      frames.frame_count(),
      [&](std::uint64_t frame, unsigned /*worker*/, unsigned slot) {
        problems[slot].clear();
        try {
          frames.verify(frame);
        } catch (const Error& error) {
          if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::Unsupported) throw;
          problems[slot] = error.what();
        }
      },
      [&](std::uint64_t /*frame*/, unsigned slot) {
        if (!problems[slot].empty()) context.report_damage(problems[slot]);
        context.advance(1);
      });
}

std::string describe_stream(const StreamFacts& facts) {
  return fmt::format("compressed with {}, {} frame{}, {} → {}{}", facts.codec, facts.frames,
                     facts.frames == 1 ? "" : "s", format_size(facts.stored), format_size(facts.size),
                     facts.random_access ? "" : ", read as a whole");
}

}  // namespace fstool

#include "image_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/read_ahead.h"
#include "fstool/registry.h"
#include "fstool/size.h"
#include "fstool/spill.h"
#include "fstool/stream.h"
#include "fstool/stream_reader.h"

namespace fstool {

namespace {

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
  StreamReader reader(file, format.stream_decoder());
  for_each_piece(reader, context, [&](std::span<const std::byte> bytes) {
    if (bytes.size() > kLargestSize - spill->size()) throw Error(ErrorCode::Unsupported, "it holds too many bytes");
    spill->append(bytes);
  });
  stream.facts.frames = reader.frames();
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

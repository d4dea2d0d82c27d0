/// \file
/// ImageStream: the compressed stream around an image, `disk.img.zst`, and the bytes in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "format_overrides.h"
#include "frame_blob.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/registry.h"

namespace fstool {

/// What is worth telling about a stream.
struct StreamFacts {
  std::string codec;
  std::uint64_t frames = 0;    ///< with content
  std::uint64_t stored = 0;    ///< bytes of the file
  std::uint64_t size = 0;      ///< bytes that it decompresses to
  bool random_access = false;  ///< false: it had to be decompressed as a whole
};

struct ImageStream {
  StreamFacts facts;
  BlobPtr bytes;                            ///< the content
  std::shared_ptr<const FrameBlob> frames;  ///< the content as well, if it is read frame by frame; else null
};

/// The codec of the stream that `file` is; empty if it is none, see open_image_stream().
std::string find_stream_codec(const Blob& file, const FormatOverrides& overrides, const Registry& registry);

/// The stream that `file` is; nothing if it is none. It is probed for, unless `overrides` name a codec; and it is none
/// if they name a container without one: whoever says what the file is says all of it. A stream of several frames that
/// tells where they are is decompressed as it is read, and any other here and now, into a Spill. `name` is the file's,
/// for progress. Damage that can be read around goes to context.report_damage(). Throws Error(Corrupt/Unsupported) for
/// a stream that can't be decompressed, naming frame and place, Error(NoSpace/Io) as Spill, Error(InvalidArgument) if
/// the codec that was named has no streams.
std::optional<ImageStream> open_image_stream(const BlobPtr& file, const std::filesystem::path& name,
                                             const FormatOverrides& overrides, Context& context);

/// Decompresses every frame that was not decompressed when the stream was opened, with all workers, and tells
/// context.report_damage() which are damaged.
void check_image_stream(const ImageStream& stream, Context& context);

/// "compressed with zstd, 113 frames, 450 MiB → 2 GiB"
std::string describe_stream(const StreamFacts& facts);

}  // namespace fstool

/// \file
/// The seek table at the end of a stream, in the "zstd seekable format" 0.1.0 (contrib/seekable_format of zstd): a
/// frame that decoders skip, with the sizes of all frames before it.
///
///     skippable header   magic 0x184D2A5E, size of the rest
///     entries            one for each frame: compressed size, decompressed size [, checksum]
///     footer             number of frames, descriptor, magic 0x8F92EAB1
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "fstool/context.h"
#include "fstool/stream.h"
#include "fstool/window_reader.h"

namespace fstool::zstd {

/// The seek table for `frames`, without checksums: the frames have their own. Empty if it can't be made, because a
/// frame has 4 GiB or there are more than the format's 2^27 frames.
std::vector<std::byte> make_seek_table(std::span<const StreamFrame> frames);

/// The frames with content that the seek table of `file` tells of, each of which begins where it says and has the size
/// that it says, if its header tells. Nothing if there is no seek table, or if it lists more than kMaxStreamFrames; or
/// if it is wrong, which goes to context.report_damage().
std::optional<std::vector<StreamFrame>> read_seek_table(WindowReader& file, Context& context);

}  // namespace fstool::zstd

/// \file
/// Does with a compressed block or stream what a user of a codec may do.
#pragma once

#include <cstddef>
#include <span>

#include "fstool/registry.h"

namespace fstool::fuzz {

/// The first byte of `input` chooses one of `codecs`, the next three (little-endian) say for how many bytes there is
/// room, and the rest is what is decompressed: as a block, as a stream, and frame by frame. Errors of fstool end that
/// silently: damage is refused. Everything else is a bug, and so is what doesn't come back when it is compressed and
/// decompressed, or a stream that has another content as a whole than in its frames (std::logic_error).
void walk_codec(std::span<const std::byte> input, const Registry& codecs);

}  // namespace fstool::fuzz

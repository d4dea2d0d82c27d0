/// \file
/// What liblzma's codes mean for people.
#pragma once

#include <lzma.h>

#include <cstdint>

#include "fstool/error.h"

namespace fstool::xz {

/// Memory that decompressing may take, in bytes: a dictionary of up to 128 MiB, twice that of `xz -9`, with what is
/// needed beside it.
inline constexpr std::uint64_t kMemoryLimit = std::uint64_t{160} << 20U;

/// The Error for a code of a decoder that is no success.
Error decoding_error(lzma_ret code);

}  // namespace fstool::xz

/// \file
/// The options of the codecs that wrap deflate: gzip and zlib.
#pragma once

#include "deflate.h"
#include "fstool/options.h"

namespace fstool::deflate {

/// The window is the largest: their readers keep as much.
inline constexpr int kWrappedWindowBits = 15;

struct WrappedOptions {
  int level = 2;
  Engine engine = Engine::Auto;
};

const OptionSet<WrappedOptions>& wrapped_options();

}  // namespace fstool::deflate

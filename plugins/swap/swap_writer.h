/// \file
/// Makes swap areas.
#pragma once

#include "fstool/filesystem.h"
#include "options.h"

namespace fstool::swap {

/// Throws Error(InvalidArgument) for what no swap area can have.
void check_options(const SwapOptions& options);

/// A swap area in the whole of the requested size, which has to be given: Error(InvalidArgument) if it isn't,
/// Error(NoSpace) for less than kMinPages. Error(Unsupported) if the tree has files. All but the header is a hole.
FormattedVolume make_swap(const Tree& tree, const SwapOptions& options, const FormatRequest& request, Context& context);

}  // namespace fstool::swap

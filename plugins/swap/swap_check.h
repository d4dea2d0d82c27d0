/// \file
/// Looks for what is wrong with a swap area.
#pragma once

#include "fstool/blob.h"
#include "fstool/context.h"
#include "swap_reader.h"

namespace fstool::swap {

/// What every reader of the area should know: that its end is missing.
void report_missing_end(const SwapArea& area, const Blob& image, Context& context);

/// As Filesystem::check().
void check_area(const Blob& image, Context& context);

}  // namespace fstool::swap

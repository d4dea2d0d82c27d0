/// \file
/// Reads what was opened of hostile bytes.
#pragma once

#include "fstool/blob.h"

namespace fstool::fuzz {

/// Looks at the first runs of `blob` and reads the beginning of each, as a whole and in part. Throws what reading
/// throws, and std::logic_error for a Blob that contradicts itself.
void read_runs(const Blob& blob);

}  // namespace fstool::fuzz

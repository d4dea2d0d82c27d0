/// \file
/// Formats that are known by their first bytes so that they aren't taken for a disk's bytes.
#pragma once

#include "fstool/blob.h"

namespace fstool {

/// Throws Error(Unsupported) if `bytes`, which no container or codec claims, are an image or a stream in a well-known
/// format: taken as they are, they would be a disk that nobody meant. Reads less than 1 KiB.
void refuse_foreign_format(const Blob& bytes);

}  // namespace fstool

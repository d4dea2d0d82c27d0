/// \file
/// Tells qcow2 images by their first bytes.
#pragma once

#include "fstool/blob.h"

namespace fstool::qcow2 {

/// True if `file` begins like a qcow2 image of version 2 or 3.
bool probe(const Blob& file);

}  // namespace fstool::qcow2

/// \file
/// What the images of a backing chain keep of what they have read.
#pragma once

#include <cstddef>

#include "fstool/byte_cache.h"

namespace fstool::qcow2 {

/// What the images of a backing chain share. The `file` of a place is the image's number in the chain.
struct ReadCaches {
  ByteCache tables{std::size_t{4} << 20U, 8};    ///< pages of L1, L2 and refcount tables
  ByteCache clusters{std::size_t{8} << 20U, 4};  ///< decompressed; of 2 MiB at most, so that each part has one
};

}  // namespace fstool::qcow2

/// \file
/// What the extents of a disk keep of what they have read.
#pragma once

#include <cstddef>

#include "fstool/byte_cache.h"

namespace fstool::vmdk {

/// What the extents of a disk share. The `file` of a place is the extent's number.
struct ReadCaches {
  ByteCache tables{std::size_t{4} << 20U, 8};  ///< pages of grain directories and tables
  ByteCache grains{std::size_t{8} << 20U, 4};  ///< unpacked; of 2 MiB at most, so that each part has one
};

}  // namespace fstool::vmdk

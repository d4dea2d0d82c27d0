/// \file
/// Contents of members as they lie in an archive.
#pragma once

#include <cstdint>

#include "fstool/blob.h"

namespace fstool::tar {

/// The `length` bytes of `whole` from `offset`, all of them data: an archive has its own way of telling holes, and
/// those of the file that it is in mean nothing. Throws Error(Corrupt) if they are not inside `whole`.
BlobPtr make_archived_content(const BlobPtr& whole, std::uint64_t offset, std::uint64_t length);

}  // namespace fstool::tar

/// \file
/// Finds the journal of a file system and replays it.
#pragma once

#include <optional>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "read/superblock_search.h"

namespace fstool::ext4 {

/// The image as it is after its journal was replayed. The image itself is not changed, and nothing of it is copied.
/// Returns `image` if the journal has nothing to replay. Throws Error(Corrupt) if the journal is damaged,
/// Error(Unsupported) if it lies on another device or has fast commits.
BlobPtr replay_journal(BlobPtr image, const FoundSuperblock& found, Context& context);

/// The image with its journal replayed if it needs that: `found` becomes the superblock that it has then. Errors as
/// replay_journal().
BlobPtr recover(BlobPtr image, FoundSuperblock& found, Context& context);

}  // namespace fstool::ext4

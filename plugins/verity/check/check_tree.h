/// \file
/// Looks for what is wrong with a hash tree, as far as that can be said without its data.
#pragma once

#include "fstool/blob.h"
#include "fstool/context.h"
#include "read/superblock_reader.h"

namespace fstool::verity {

/// What every reader of the tree should know: that its end is missing. True if it is.
bool report_missing_end(const TreeParameters& parameters, const Blob& image, Context& context);

/// As Filesystem::check(): each block of a level has the hash that the level above has for it, and what is not used is
/// zero. Whether the hashes of level 0 are those of the data only the data could tell, and whether all of it is what
/// somebody made, only the root hash. Holes are passed over, so that the time is bounded by what is stored.
void check_tree(const BlobPtr& image, Context& context);

}  // namespace fstool::verity

/// \file
/// A Node of what libarchive says about a member.
#pragma once

#include <archive_entry.h>

#include "fstool/tree.h"

namespace fstool::tar {

/// Everything but the content. Throws Error(Unsupported) for what a Tree can't hold, Error(Corrupt) for an ACL whose
/// users this host doesn't know and that has no numbers for them.
Node node_of(archive_entry* entry);

}  // namespace fstool::tar

/// \file
/// A Node of what libarchive says about a member.
#pragma once

#include <archive_entry.h>

#include "archive/xattr_sets.h"
#include "fstool/tree.h"

namespace fstool::tar {

/// Everything but the content. Sets of extended attributes come from `sets`. Throws Error(Unsupported) for what a Tree
/// can't hold and for a part of a file that began in another volume, Error(Corrupt) for an ACL whose users this host
/// doesn't know and that has no numbers for them.
Node node_of(archive_entry* entry, XattrSets& sets);

}  // namespace fstool::tar

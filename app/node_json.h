/// \file
/// A node of a tree, for programs.
#pragma once

#include <string>

#include "fstool/tree.h"
#include "json_text.h"
#include "owner_names.h"

namespace fstool {

/// All that is known of a node. Times are in UTC; values of extended attributes in base64; what the tree does not know
/// is null. A path or target that is not UTF-8 is given once more, in base64.
Json node_json(const Tree& tree, NodeId id, const std::string& path, const Owners& owners);

}  // namespace fstool

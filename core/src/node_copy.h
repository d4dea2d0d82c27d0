/// \file
/// Copies of nodes, which are costly enough to be asked for by name.
#pragma once

#include "fstool/tree.h"

namespace fstool {

/// All of `node` but what an image recorded about it (Node::recorded). The content and attributes are shared.
Node copy_of(const Node& node);

}  // namespace fstool

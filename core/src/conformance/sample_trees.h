/// \file
/// Trees to try file systems with, put together from what a file system may or may not be able to hold.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fstool/tree.h"

namespace fstool::conformance {

/// Something that a tree may have.
struct TreeFeature {
  std::string name;  ///< for messages: "hard links"
  std::function<void(Tree& tree)> add;
};

/// All kinds of nodes, contents, names and attributes. Each adds names of its own to the root.
const std::vector<TreeFeature>& tree_features();

/// A tree with these features, added in that order, or in the opposite one.
Tree tree_with(const std::vector<TreeFeature>& features, bool backwards = false);

}  // namespace fstool::conformance

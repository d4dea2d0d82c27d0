/// \file
/// The part of a Tree that a plan selects, as a Tree.
#pragma once

#include "extractor/extraction_plan.h"
#include "fstool/tree.h"

namespace fstool {

/// Copies what `plan` names of `tree`; contents and extended attributes are shared. Directories that only lead to it
/// keep their attributes.
Tree planned_tree(const Tree& tree, const ExtractionPlan& plan);

}  // namespace fstool

/// \file
/// What a Tree that a format made promises, and whether it is what went in.
#pragma once

#include <string>
#include <vector>

#include "fstool/context.h"
#include "fstool/tree.h"

namespace fstool::conformance {

/// Throws a Failure unless each node is as "fstool/tree.h" says, and the Blobs of contents are consistent.
void require_sound(const Tree& tree, unsigned threads);

/// The same of a tree of damaged bytes: no more than the beginning of contents is read. What reading throws is let pass
/// if it speaks of damage.
void require_plausible(const Tree& tree);

/// Throws a Failure unless `opened` has the names, kinds, contents and links of `original`, and of modes, owners, times
/// and extended attributes what the format keeps: either all values of one kind, or none of them, where all nodes have
/// one and the same; and times to two seconds. Returns what it doesn't keep.
std::vector<std::string> require_same_tree(const Tree& original, const Tree& opened, Context& context);

/// Throws a Failure unless the trees are the same in everything.
void require_equal_trees(const Tree& before, const Tree& after, Context& context);

}  // namespace fstool::conformance

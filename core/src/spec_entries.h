/// \file
/// The `entries` of a file system in a spec, and what they do to a Tree.
#pragma once

#include <filesystem>
#include <vector>

#include "deferred_text.h"
#include "fstool/context.h"
#include "fstool/tree.h"
#include "spec.h"

namespace fstool {

/// Reads an array of tables. Throws spec_error() if it is none; what is wrong in them goes to `problems`.
std::vector<EntryChoice> read_entries(const OptionValue& value, const PathBase& base, SpecProblems& problems);

/// Adds `entries` to `tree`, in order. Directories that lead to one are made (0755, 0:0) if they are not there; what
/// has the place of a file or symbolic link is replaced, a directory that is there gets the attributes that the entry
/// has.
/// Copies keep the time of the host's file, and what the spec gives no time gets that of context.clock(), for which the
/// others count. Names of owners are those of the tree before the first name is looked up.
/// `values` must outlive the tree. Throws spec_error() for a place that can't be had (in a file, a directory in place
/// of a file), for a path to remove or link to that is not there, and for a file of the host that can't be read.
void add_entries(Tree& tree, const std::vector<EntryChoice>& entries, const DeferredValues& values,
                 const Context& context);

}  // namespace fstool

/// \file
/// Walks a tree from the top down, in the order of names, whatever its depth.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "fstool/tree.h"

namespace fstool {

/// A name on the walk.
struct WalkedName {
  NodeId node;
  std::string_view path;    ///< what the walk began with, and the names below it; valid during the visit
  std::uint64_t depth = 0;  ///< 0: where the walk began
};

/// Calls `visit` for `start`, whose path is `path`, and for all that is below it: a directory before what is in it.
/// What is below a directory is passed over if `visit` returns false. Memory grows with the depth alone.
void walk_tree(const Tree& tree, NodeId start, const std::string& path,
               const std::function<bool(const WalkedName& walked)>& visit);

/// "directory/name".
std::string join_path(const std::string& directory, std::string_view name);

/// The last component of a path; "/" of the root.
std::string_view last_component(std::string_view path);

}  // namespace fstool

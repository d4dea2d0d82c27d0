/// \file
/// The way to a directory of a Tree, through symbolic links.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fstool/tree.h"

namespace fstool {

/// The directory that the '/'-separated `path` leads to from `directory`; nothing if it leads to none. Symbolic links
/// are followed, at most 40 of them; absolute ones begin at the tree's root, and no ".." leads out of the tree.
std::optional<NodeId> find_directory(const Tree& tree, NodeId directory, std::string_view path);

/// The same; what is missing on the way is made: directories 0755 of root with the time `mtime`. What is there and
/// leads to no directory is replaced.
NodeId make_directories(Tree& tree, NodeId directory, std::string_view path, Timestamp mtime);

/// "/usr/bin", of a name that may or may not be there; for messages.
std::string child_path(const Tree& tree, NodeId directory, std::string_view name);

/// The part of a path in front of its last name, and that name; slashes behind it don't count.
struct SplitPath {
  std::string_view directory;
  std::string_view name;  ///< empty for the root
};
SplitPath split_last(std::string_view path);

}  // namespace fstool

/// \file
/// What of a Tree is to be written into a directory of the host, and in which order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/tree.h"

namespace fstool {

/// A directory that is made, or that leads to what is made.
struct PlannedDirectory {
  NodeId node = 0;
  std::uint32_t parent = 0;  ///< index into ExtractionPlan::directories; the root's is its own
  std::string_view name;     ///< empty for the root; valid as long as the Tree
  /// True if it was asked for, by itself or by a directory above it. One that only leads to what was asked for keeps
  /// its attributes if it exists already.
  bool wanted = false;
};

/// A name in one of the directories.
struct PlannedName {
  NodeId node = 0;
  std::uint32_t directory = 0;  ///< index into ExtractionPlan::directories
  std::string_view name;        ///< valid as long as the Tree
};

/// One more name for a node.
struct PlannedLink {
  PlannedName name;
  PlannedName first;  ///< the name under which the node is made
};

struct ExtractionPlan {
  std::vector<PlannedDirectory> directories;  ///< parents before what is in them; the first is the root
  std::vector<PlannedName> files;             ///< the first names of regular files
  std::vector<PlannedName> others;            ///< the first names of symbolic links, devices, fifos and sockets
  std::vector<PlannedLink> links;
  std::uint64_t bytes = 0;  ///< of content

  /// Of everything: `/etc/passwd`.
  std::string path(std::uint32_t directory) const;
  std::string path(const PlannedName& name) const;
};

/// Plans to write what lies at `paths` and below, each '/'-separated from the root of `tree`, in which "." and ".." are
/// not special and symbolic links are not followed; all of it if there are none. Directories are gone through depth
/// first in the order of names. Throws Error(NotFound) for a path that does not exist.
ExtractionPlan plan_extraction(const Tree& tree, const std::vector<std::string>& paths);

}  // namespace fstool

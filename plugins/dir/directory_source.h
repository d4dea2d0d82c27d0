/// \file
/// The source "dir": a directory tree of the host.
#pragma once

#include <filesystem>

#include "fstool/source.h"

namespace fstool::dir {

class DirectorySource : public Source {
 public:
  /// True if `path` is a directory, or a symlink to one.
  static bool accepts(const std::filesystem::path& path);

  /// The root takes the attributes of the directory `location`, which may be a symlink; symlinks below are never
  /// followed. Mount points are crossed. Nothing is skipped: what can't be read is an error that names it. Ids go
  /// through the tree depth first, all entries of a directory one after the other in the order of their names.
  Tree load(const std::filesystem::path& location, Context& context) override;
};

}  // namespace fstool::dir

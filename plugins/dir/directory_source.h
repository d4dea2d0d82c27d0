/// \file
/// The source "dir": a directory tree of the host.
#pragma once

#include "fstool/source.h"

namespace fstool::dir {

class DirectorySource : public Source {
 public:
  /// A directory, or a symlink to one.
  static Claim claim(const SourceInput& input);

  /// The root takes the attributes of the directory, which may be a symlink; symlinks below are never
  /// followed. Mount points are crossed. Nothing is skipped: what can't be read is an error that names it. Ids go
  /// through the tree depth first, all entries of a directory one after the other in the order of their names.
  Layer load(const SourceInput& input, Context& context) override;
};

}  // namespace fstool::dir

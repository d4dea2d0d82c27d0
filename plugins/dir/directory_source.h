/// \file
/// The source "dir": a directory tree of the host.
#pragma once

#include "fstool/options.h"
#include "fstool/source.h"

namespace fstool::dir {

struct DirectoryOptions {
  bool follow_links = false;
};

const OptionSet<DirectoryOptions>& directory_options();

class DirectorySource : public Source {
 public:
  explicit DirectorySource(DirectoryOptions options = {}) : options_(options) {}

  /// A directory, or a symlink to one.
  static Claim claim(const SourceInput& input);

  /// The root takes the attributes of the directory, which may be a symlink; symlinks below are only followed if the
  /// options say so, wherever they lead. Mount points are crossed. Nothing is skipped: what can't be read is an error
  /// that names it. Ids go through the tree depth first, all entries of a directory one after the other in the order of
  /// their names.
  Layer load(const SourceInput& input, Context& context) override;

 private:
  DirectoryOptions options_;
};

}  // namespace fstool::dir

/// \file
/// The source "tar": what libarchive reads of a file.
#pragma once

#include "fstool/source.h"

namespace fstool::tar {

class ArchiveSource : public Source {
 public:
  /// True if `path` is a regular file that begins as an archive does: with a member, after whatever decompression.
  static bool accepts(const std::filesystem::path& path);

  /// The tree of the archive `location`, as load_archive() says.
  Tree load(const std::filesystem::path& location, Context& context) override;
};

}  // namespace fstool::tar

/// \file
/// The source "tar": what libarchive reads of a file.
#pragma once

#include "fstool/source.h"

namespace fstool::tar {

class ArchiveSource : public Source {
 public:
  /// A file that begins as an archive does: with a member, after whatever decompression.
  static Claim claim(const SourceInput& input);

  /// What an archive has, as load_archive() says.
  Layer load(const SourceInput& input, Context& context) override;
};

}  // namespace fstool::tar

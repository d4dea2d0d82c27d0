/// \file
/// The file system "tar": a tree as an archive. What reads tars is the source of that name.
#pragma once

#include "fstool/filesystem.h"

namespace fstool::tar {

class TarFilesystem : public Filesystem {
 public:
  /// A TarBlob, with zeros behind it up to a fixed size. A tar has no free space: Error(InvalidArgument) if headroom is
  /// asked for.
  FormattedVolume format(std::shared_ptr<const Tree> tree, const FormatRequest& request, Context& context) override;

  /// Always false: an archive is no volume of a disk.
  bool probe(const Blob& image) const override;
};

}  // namespace fstool::tar

/// \file
/// FAT12, FAT16 and FAT32 as a stage of the pipeline.
#pragma once

#include "fstool/filesystem.h"

namespace fstool::fat {

class FatFilesystem : public Filesystem {
 public:
  FormattedVolume format(std::shared_ptr<const Tree> tree, const FormatRequest& request, Context& context) override;
  bool probe(const Blob& image) const override;
  VolumeFacts inspect(BlobPtr image, Context& context) override;
  Volume open(BlobPtr image, const OpenScope& scope, Context& context) override;
};

}  // namespace fstool::fat

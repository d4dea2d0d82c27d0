/// \file
/// FAT12, FAT16 and FAT32 as a stage of the pipeline.
#pragma once

#include "fstool/filesystem.h"
#include "options.h"

namespace fstool::fat {

/// Reads and writes all three, with long names. Owners, permissions (but for whether anybody may write to a file) and
/// extended attributes (but for "user.DOSATTRIB", see ondisk/attributes.h) are not kept; times are kept to two seconds.
class FatFilesystem : public Filesystem {
 public:
  /// Throws Error(InvalidArgument) for options that are wrong.
  explicit FatFilesystem(FatOptions options);

  FormattedVolume format(std::shared_ptr<const Tree> tree, const FormatRequest& request, Context& context) override;
  bool probe(const Blob& image) const override;
  VolumeFacts inspect(BlobPtr image, Context& context) override;
  Volume open(BlobPtr image, const OpenScope& scope, Context& context) override;
  void check(BlobPtr image, Context& context) override;
  std::optional<VolumeUsage> usage(BlobPtr image, std::size_t largest_files, Context& context) override;

 private:
  FatOptions options_;
};

}  // namespace fstool::fat

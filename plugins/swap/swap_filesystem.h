/// \file
/// Linux swap areas as a stage of the pipeline: file systems without files.
#pragma once

#include "fstool/filesystem.h"
#include "options.h"

namespace fstool::swap {

/// Reads and writes areas of version 1, as mkswap(8) makes them. Of one that holds the memory of a hibernating machine,
/// it is told that it does.
class SwapFilesystem : public Filesystem {
 public:
  /// Throws Error(InvalidArgument) for options that are wrong.
  explicit SwapFilesystem(SwapOptions options);

  FormattedVolume format(std::shared_ptr<const Tree> tree, const FormatRequest& request, Context& context) override;
  bool probe(const Blob& image) const override;
  VolumeFacts inspect(BlobPtr image, Context& context) override;
  Volume open(BlobPtr image, const OpenScope& scope, Context& context) override;
  void check(BlobPtr image, Context& context) override;
  std::optional<VolumeUsage> usage(BlobPtr image, std::size_t largest_files, Context& context) override;

 private:
  SwapOptions options_;
};

}  // namespace fstool::swap

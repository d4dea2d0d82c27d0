/// \file
/// Hash trees that somebody finds on a disk: file systems without files.
#pragma once

#include "fstool/filesystem.h"

namespace fstool::verity {

/// Tells of hash trees with a superblock, and checks them. They are made by VerityDerivation.
class VerityFilesystem : public Filesystem {
 public:
  /// Throws Error(Unsupported): a tree is made of data, not of files.
  FormattedVolume format(std::shared_ptr<const Tree> tree, const FormatRequest& request, Context& context) override;
  bool probe(const Blob& image) const override;
  VolumeFacts inspect(BlobPtr image, Context& context) override;
  Volume open(BlobPtr image, const OpenScope& scope, Context& context) override;
  void check(BlobPtr image, Context& context) override;
  std::optional<VolumeUsage> usage(BlobPtr image, std::size_t largest_files, Context& context) override;
};

}  // namespace fstool::verity

/// \file
/// ext2, ext3 and ext4 as a stage of the pipeline.
#pragma once

#include "fstool/filesystem.h"
#include "options.h"
#include "write/image.h"
#include "write/profile.h"

namespace fstool::ext4 {

/// Reads all of them, and writes a file system with the features that mke2fs 1.47 gives its format by default, changed
/// by the options: ext2 has indirect blocks, ext3 adds a journal, and ext4 has extents, 64bit, flex_bg and
/// metadata_csum beside what else the options' documentation names. ea_inode is added to ext4 where extended attributes
/// need it.
class ExtFilesystem : public Filesystem {
 public:
  /// Throws Error(InvalidArgument/Unsupported) for options that can't go together.
  ExtFilesystem(Generation generation, ExtOptions options);

  FormattedVolume format(std::shared_ptr<const Tree> tree, const FormatRequest& request, Context& context) override;
  /// True for the format that blkid would name: an image is one of ext2, ext3 and ext4.
  bool probe(const Blob& image) const override;
  /// Reads every ext2, ext3 and ext4 file system, whatever the options are.
  VolumeFacts inspect(BlobPtr image, Context& context) override;
  Volume open(BlobPtr image, const OpenScope& scope, Context& context) override;
  void check(BlobPtr image, Context& context) override;
  std::optional<VolumeUsage> usage(BlobPtr image, std::size_t largest_files, Context& context) override;

 private:
  Generation generation_;
  ExtOptions options_;
  Profile profile_;
  ImageSettings settings_;
};

}  // namespace fstool::ext4

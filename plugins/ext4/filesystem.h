/// \file
/// The ext4 file system as a stage of the pipeline.
#pragma once

#include "fstool/filesystem.h"
#include "options.h"

namespace fstool::ext4 {

/// Writes ext4 with the features that mke2fs 1.47 gives it by default: has_journal, ext_attr, resize_inode, dir_index,
/// filetype, extent, 64bit, flex_bg, sparse_super, large_file, huge_file, dir_nlink, extra_isize and metadata_csum;
/// and ea_inode where extended attributes need it.
class Ext4Filesystem : public Filesystem {
 public:
  explicit Ext4Filesystem(Ext4Options options);

  FormattedVolume format(std::shared_ptr<const Tree> tree, const FormatRequest& request, Context& context) override;
  bool probe(const Blob& image) const override;
  /// Reads every ext2, ext3 and ext4 file system, whatever the options are.
  Volume open(BlobPtr image, Context& context) override;

 private:
  Ext4Options options_;
};

}  // namespace fstool::ext4

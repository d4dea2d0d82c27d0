/// \file
/// Formats a Tree into a file and asks e2fsprogs about it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "filesystem.h"
#include "fstool/registry.h"

namespace fstool::ext4 {

/// An image file in a directory of its own; both go with the object.
class ImageFile {
 public:
  explicit ImageFile(const Blob& image);
  ~ImageFile();
  ImageFile(const ImageFile&) = delete;
  ImageFile& operator=(const ImageFile&) = delete;

  const std::string& path() const { return path_; }
  /// What `e2fsck -fn` complains about; empty if it finds nothing.
  std::string e2fsck_complaints() const;
  /// Output of `debugfs -R REQUEST`.
  std::string debugfs(std::string_view request) const;
  /// The value behind `NAME:` in the output of dumpe2fs -h.
  std::string dumpe2fs(std::string_view name) const;

 private:
  std::string directory_;
  std::string path_;
};

/// Formats with the given options; fitted to the tree unless `size` (in bytes) is given.
FormattedVolume format_tree(Tree tree, ExtOptions options = {}, std::uint64_t size = 0,
                            Generation generation = Generation::Ext4);

/// The same with all of FormatRequest's sizes.
FormattedVolume format_tree(Tree tree, ExtOptions options, SizeRequest size, Generation generation = Generation::Ext4);

/// A file of `size` bytes that repeat a pattern made from `salt`.
Node file_node(std::uint64_t size, unsigned salt = 1);
Node directory_node();
Node symlink_node(std::string target);

}  // namespace fstool::ext4

/// \file
/// ImageFiles: the files that an image is made of, wherever they lie.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "fstool/blob.h"
#include "fstool/tree.h"

namespace fstool::oci {

/// The files of an image, by their '/'-separated names. Thread-safe.
class ImageFiles {
 public:
  virtual ~ImageFiles() = default;
  /// The content of a file; null if there is none of that name. Symbolic links are followed as long as they stay
  /// inside. Throws Error(Corrupt) for what is no file or lies outside, Error(Io).
  virtual BlobPtr find(std::string_view name) const = 0;
};

/// The files in a folder of the host. Throws Error(NotFound/Io).
std::unique_ptr<ImageFiles> files_in_folder(const std::filesystem::path& folder);

/// The files that an archive has.
std::unique_ptr<ImageFiles> files_in_tree(Tree tree);

}  // namespace fstool::oci

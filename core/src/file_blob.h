/// \file
/// Files of the host as Blobs, for fstool itself.
#pragma once

#include <filesystem>

#include "fstool/blob.h"

namespace fstool {

/// What counts as a change of a file that is read.
enum class StatusChanges {
  Counted,
  Ignored,  ///< another name, owner or mode is none: the bytes are as they were
};

/// As the function of fstool/blob.h, which counts them.
BlobPtr open_file_blob(const std::filesystem::path& path, StatusChanges status_changes);

}  // namespace fstool

/// \file
/// PATH[@SNAPSHOT][:PARTITION], as people name an image and what of it they mean.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace fstool {

struct ImageReference {
  std::filesystem::path file;
  std::optional<std::string> snapshot = {};   ///< its id or its name in the container; never empty
  std::optional<std::string> partition = {};  ///< its number, its name or the label of its file system; never empty

  /// As it was written: "old.img:2", "old.qcow2@before:2".
  std::string text() const;
};

/// What `text` refers to. A path that exists as it is written wins. Else the part behind a ':' is the partition, if the
/// part before it exists and is not a directory; if that is true of several ':', the last one counts. Else the part
/// behind an '@' is the snapshot, if the part before it exists and is not a directory; if that is true of several '@',
/// the last one counts, and what follows the last ':' behind it is the partition. Nothing if no such file exists, or
/// the host can't tell.
std::optional<ImageReference> find_image_reference(const std::filesystem::path& text);

}  // namespace fstool

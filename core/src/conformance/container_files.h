/// \file
/// Files that a container writes for its checks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "checklist.h"
#include "fstool/container.h"
#include "heard_context.h"
#include "samples.h"

namespace fstool::conformance {

/// Writes disks with a container, each to a directory of its own, and opens them again.
class ContainerFiles {
 public:
  ContainerFiles(const Format<Container>& format, const Checklist& list) : format_(format), list_(list) {}

  /// The path of the image, which is the only one in its directory but for its companions. `codec` may be null. Throws
  /// what the container throws.
  std::filesystem::path write(Container& container, const Blob& disk, const Codec* codec, unsigned threads);

  /// The same, with the defaults of the format.
  std::filesystem::path write(const Blob& disk);

  /// The file as it was written; the content of the stream if it is one of `codec`, which may be null.
  ContainerFile file(const std::filesystem::path& path, const Codec* codec, Context& context) const;

  /// The bytes of all files in the directory of an image, by name.
  static std::map<std::string, ByteVector> all_bytes(const std::filesystem::path& path);

 private:
  std::filesystem::path new_path();

  const Format<Container>& format_;
  const Checklist& list_;
  unsigned count_ = 0;
};

}  // namespace fstool::conformance

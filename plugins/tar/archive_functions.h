/// \file
/// What the module tar/archive.so offers to the plugin.
///
/// libarchive brings a dozen libraries along, which take as long to load as everything else that fstool needs. So what
/// calls it is a module of its own, which the plugin loads when there may be an archive to read.
#pragma once

#include <cstdint>
#include <string>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/layer.h"

namespace fstool::tar {

/// What an archive may ask for, so that a small one can't fill the host.
struct ArchiveLimits {
  std::uint64_t max_size = std::uint64_t{64} << 30U;     ///< bytes that are decompressed, headers and contents
  std::uint64_t max_metadata = std::uint64_t{4} << 30U;  ///< bytes of memory for names, attributes and maps of holes
};

/// An archive to load.
struct ArchiveInput {
  BlobPtr file;
  std::string name;  ///< for messages and progress
  ArchiveLimits limits;
};

/// begins_as_archive() and load_archive() of archive/archive_loader.h; the symbol is fstool_tar_archive_functions.
struct ArchiveFunctions {
  bool (*begins_as_archive)(const BlobPtr& file);
  Layer (*load_archive)(const ArchiveInput& input, Context& context);
};

/// Loads the module that lies beside the plugin, the first time; it stays loaded. For any thread. Throws Error(Plugin).
const ArchiveFunctions& archive_functions();

}  // namespace fstool::tar

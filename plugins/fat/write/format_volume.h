/// \file
/// Plans a FAT file system.
#pragma once

#include <memory>

#include "fstool/filesystem.h"
#include "options.h"

namespace fstool::fat {

/// Throws Error(InvalidArgument) for options that are wrong by themselves.
void check_options(const FatOptions& options);

/// As Filesystem::format().
FormattedVolume format_volume(std::shared_ptr<const Tree> tree, const FatOptions& options, const FormatRequest& request,
                              Context& context);

}  // namespace fstool::fat

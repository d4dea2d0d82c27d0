/// \file
/// An image as a source: the tree of a file system in a disk image, read by the plugins that write such images.
#pragma once

#include <string_view>

#include "fstool/registry.h"
#include "fstool/source.h"

namespace fstool {

/// What a spec calls this source. Not a plugin's: it is the other stages, used in the other direction.
inline constexpr std::string_view kImageSource = "image";

/// The source that reads PATH[@SNAPSHOT][:PARTITION]. It accepts every regular file and block device, whatever is in
/// it, so ask the others first. Thread-safe.
const Format<Source>& image_source();

}  // namespace fstool

/// \file
/// An image as a source: the tree of a file system in a disk image, read by the plugins that write such images.
#pragma once

#include <string_view>
#include <vector>

#include "fstool/registry.h"
#include "fstool/source.h"

namespace fstool {

/// What a spec calls this source. Not a plugin's: it is the other stages, used in the other direction.
inline constexpr std::string_view kImageSource = "image";

/// The source that reads PATH[@SNAPSHOT][:PARTITION], and bytes. It claims every regular file and block device,
/// whatever is in it, so ask the others first. An empty
/// lost+found in the root is left out. Thread-safe.
const Format<Source>& image_source();

/// True if the image source finds in `input`, which it claims, a container, a partition table or a file system. Throws
/// as open_disk_image().
bool holds_image(const SourceInput& input, Context& context);

/// What reads `input`: the source plugins that claim it, those alone that have a special claim if there are any, in the
/// order of names; if there is none, the image source, if it is a file. Empty: nothing reads it. Several: somebody has
/// to choose.
std::vector<const Format<Source>*> sources_for(const SourceInput& input, const Registry& registry);

}  // namespace fstool

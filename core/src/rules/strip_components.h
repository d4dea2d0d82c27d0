/// \file
/// The key strip_components: a layer without its leading directories, as tar --strip-components does.
#pragma once

#include <cstdint>

#include "fstool/layer.h"

namespace fstool {

/// Takes `count` names off the front of every path; what has no more than these goes, the root stays what it is.
/// Directories that get one path become one, with the attributes of the last in the order of the old paths that is
/// described. The targets of lower links lose the same names. Throws Error(InvalidArgument), naming both, for two files
/// that get one path, and for a lower link whose target is gone.
void strip_components(Layer& layer, std::uint32_t count);

}  // namespace fstool

/// \file
/// A part of a layer as a layer of its own.
#pragma once

#include <string_view>

#include "fstool/layer.h"

namespace fstool {

/// What `path`, '/'-separated from the root, leads to: a directory, which becomes the root, or a file, which becomes
/// the only name of an implied root. Symbolic links on the way are followed, and one at its end if it leads to a
/// directory. Names of a file that lie outside are lost. Throws Error(NotFound) if nothing is there, and Error(Corrupt)
/// for a lower link whose target lies outside.
Layer take_part(Layer layer, std::string_view path);

/// The layer of one file in an implied root.
Layer file_layer(std::string_view name, Node node);

}  // namespace fstool

/// \file
/// A part of a layer as a layer of its own.
#pragma once

#include <string_view>

#include "fstool/layer.h"

namespace fstool {

/// A layer before it has its place.
struct LayerPart {
  Layer layer;
  bool is_file = false;  ///< one file, the only name of an implied root: its place is the file's, not the root's
};

/// What `path`, '/'-separated from the root, leads to: a directory, which becomes the root, or a file, which becomes
/// the only name of an implied root. Symbolic links on the way are followed, and one at its end if it leads to a
/// directory. Names of a file that lie outside are lost. Throws Error(NotFound) if nothing is there, and Error(Corrupt)
/// for a lower link whose target lies outside.
LayerPart take_part(Layer layer, std::string_view path);

/// The layer of one file in an implied root. `name` must be a valid name.
Layer file_layer(std::string_view name, Node node);

}  // namespace fstool

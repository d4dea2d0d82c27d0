/// \file
/// Lays the layers of an image one over the other.
#pragma once

#include <cstdint>
#include <string_view>

#include "fstool/context.h"
#include "fstool/tree.h"
#include "image/image.h"

namespace fstool::oci {

/// The tree that the layers of `image` make, with what their whiteouts hide taken away. All layers are read, checked
/// and decompressed by the workers; the source "tar" reads the tars that they are. `name` is what messages call the
/// image, `max_size` the most bytes that compressed ones may decompress to together. Throws
/// Error(Corrupt/Unsupported/NoSpace/…).
Tree merge_layers(const Image& image, std::string_view name, std::uint64_t max_size, Context& context);

}  // namespace fstool::oci

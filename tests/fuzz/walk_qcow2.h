/// \file
/// Does with an image what a user of the qcow2 reader may do.
#pragma once

#include <cstddef>
#include <span>

#include "fstool/registry.h"

namespace fstool::fuzz {

/// Opens the image, looks at its runs and reads parts of them, opens its snapshots, and checks it; `codecs` has those
/// that qcow2 uses. Errors of fstool end it silently: hostile images are refused. Everything else is a bug, and so is a
/// disk that contradicts itself (std::logic_error).
void walk_qcow2_image(std::span<const std::byte> image, const Registry& codecs);

}  // namespace fstool::fuzz

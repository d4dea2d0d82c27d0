/// \file
/// Does with an image what a user of the qcow2 reader may do.
#pragma once

#include <cstddef>
#include <span>

#include "fstool/registry.h"

namespace fstool::fuzz {

/// walk_container() with qcow2; `codecs` has those that it uses.
void walk_qcow2_image(std::span<const std::byte> image, const Registry& codecs);

}  // namespace fstool::fuzz

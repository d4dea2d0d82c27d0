/// \file
/// Does with an image what users of several formats may do.
#pragma once

#include <cstddef>
#include <span>

#include "fstool/registry.h"

namespace fstool::fuzz {

/// Walks through `image` with each partition table, file system and container of `registry`, as walk_table(),
/// walk_filesystem() and walk_container() do.
void walk_formats(std::span<const std::byte> image, const Registry& registry);

}  // namespace fstool::fuzz

/// \file
/// Does with a file what a user of a container's reader may do.
#pragma once

#include <cstddef>
#include <span>

#include "fstool/container.h"
#include "fstool/registry.h"

namespace fstool::fuzz {

/// Asks for the facts of the container, opens it, looks at the runs of its disk and reads parts of them, opens its
/// snapshots, and checks it; `registry` has the codecs that the format uses. Errors of fstool end it silently: hostile
/// files are refused. Everything else is a bug, and so is a disk that contradicts itself (std::logic_error).
void walk_container(Container& container, std::span<const std::byte> file, const Registry& registry);

}  // namespace fstool::fuzz

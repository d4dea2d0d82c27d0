/// \file
/// Looks for everything that is wrong with a VMDK disk.
#pragma once

#include "fstool/container.h"
#include "fstool/context.h"

namespace fstool::vmdk {

/// As Container::check(). Of each sparse extent, it walks the grain directory, all tables and, where there are, the
/// redundant ones, which have to be equal; sees that no two pieces share a sector; and unpacks all compressed grains.
/// Memory is a bit for each sector of the files in those parts of them that are used in part.
void check_image(const ContainerFile& file, Context& context);

}  // namespace fstool::vmdk

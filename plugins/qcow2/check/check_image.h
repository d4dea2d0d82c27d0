/// \file
/// Looks for everything that is wrong with an image.
///
/// All structures are walked from the header down, and the references to each host cluster counted; then the counts are
/// compared with the refcounts. Each table is walked once, however many references it has, so that the work is bounded
/// by what is stored in the file, and holes of the file are passed over.
#pragma once

#include "fstool/container.h"
#include "fstool/context.h"

namespace fstool::qcow2 {

/// As Container::check(). Of backing files and external data files only that they can be opened.
void check_image(const ContainerFile& file, Context& context);

}  // namespace fstool::qcow2

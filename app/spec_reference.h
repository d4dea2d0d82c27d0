/// \file
/// The reference of specs, from the same declarations as their schema.
#pragma once

#include <string>

#include "fstool/registry.h"

namespace fstool {

/// A Markdown document with every key of a spec, and every option of the formats that there are.
std::string spec_reference(const Registry& registry);

}  // namespace fstool

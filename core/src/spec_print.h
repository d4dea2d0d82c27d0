/// \file
/// A spec as text that builds the same.
#pragma once

#include <string>

#include "fstool/registry.h"
#include "spec_loader.h"

namespace fstool {

/// `spec` as TOML that says the same from any directory: relative paths become absolute, and the values of variables
/// are numbers, booleans and lists where a key of a spec or an option of `registry`'s formats wants those. Names of
/// values that come out later stay what they are. Throws spec_error() for a path that is none.
std::string print_spec(const SpecText& spec, const Registry& registry);

}  // namespace fstool

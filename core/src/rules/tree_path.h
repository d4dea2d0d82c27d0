/// \file
/// Paths in a tree as people write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spec_values.h"

namespace fstool {

/// The names of a '/'-separated path, without empty ones.
std::vector<std::string_view> names_of(std::string_view path);

/// The path from the root with one slash between names. Throws spec_error() if it has a "." or "..", or names the root.
std::string clean_path(std::string_view path, const LocationPtr& location);

}  // namespace fstool

/// \file
/// Names for what is not finished.
#pragma once

#include <string>
#include <string_view>

namespace fstool {

/// `.NAME.XXXXXX`, hard to guess and unlikely to exist; the end of a long name is left out.
std::string temporary_name(std::string_view name);

}  // namespace fstool

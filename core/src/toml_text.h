/// \file
/// Option values become TOML text.
#pragma once

#include <string>
#include <string_view>

#include "fstool/options.h"

namespace fstool {

/// A string as TOML has it, in quotes, on one line.
std::string toml_string(std::string_view text);

/// A document with the values of `table`: its plain keys first, then a section for each table and array of tables.
/// parse_toml() makes equal values of it, but for `from_text`, which is not kept.
std::string toml_text(const OptionTable& table);

}  // namespace fstool

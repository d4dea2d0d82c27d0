/// \file
/// TOML text becomes the option values of the SDK.
#pragma once

#include <string>
#include <string_view>

#include "fstool/options.h"

namespace fstool {

/// Parses TOML 1.0. Every value and key of the result has its location; entries are in the order written.
/// `file` is the name for messages. Throws spec_error() for what is not TOML, for nesting and lines beyond any use, and
/// for dates and times, which OptionValue can't hold.
OptionTable parse_toml(std::string_view text, const std::string& file);

}  // namespace fstool

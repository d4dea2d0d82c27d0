/// \file
/// Names are UTF-8 outside and UTF-16 in long name entries.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fstool::fat {

/// Nothing if it is not valid UTF-8.
std::optional<std::u16string> to_utf16(std::string_view text);

/// As UTF-8. A surrogate without its other half is left out, as the kernel does; `is_valid` becomes false then.
std::string to_utf8(std::u16string_view text, bool& is_valid);

}  // namespace fstool::fat

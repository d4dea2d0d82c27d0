/// \file
/// Reads the escapes of vis(3), which manifests have in names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fstool {

/// The bytes that `text` stands for: \ooo of up to three octal digits, \\, \#, \s and the escapes of C, \^X for control
/// characters, \M-X and \M^X for those with the highest bit. Nothing for any other backslash.
std::optional<std::string> unvis(std::string_view text);

}  // namespace fstool

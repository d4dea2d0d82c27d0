/// \file
/// How deeply TOML text is nested. The TOML parser recurses, so text that would exhaust the stack is refused first.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace fstool {

/// Arrays and inline tables may lie this deep in each other, and dotted keys may have this many parts.
inline constexpr std::size_t kMaxTomlNesting = 16;

/// The offset of the first character of `text` that goes beyond kMaxTomlNesting, if any. Exact up to the first syntax
/// error, where the parser stops too.
std::optional<std::size_t> excessive_toml_nesting(std::string_view text);

}  // namespace fstool

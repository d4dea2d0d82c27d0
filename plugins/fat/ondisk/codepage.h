/// \file
/// Code page 437, the kernel's default for short names and labels. Nothing in an image says which one was meant.
#pragma once

#include <cstdint>
#include <optional>

namespace fstool::fat {

/// The Unicode character of a byte.
char16_t from_code_page(std::uint8_t character);

/// The byte of a Unicode character, if the code page has it.
std::optional<std::uint8_t> to_code_page(char32_t character);

/// The lower case of a letter, if the code page has it; else the same character.
std::uint8_t lower_in_code_page(std::uint8_t character);

}  // namespace fstool::fat

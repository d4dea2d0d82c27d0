/// \file
/// Code page 437, the kernel's default for short names and labels. Nothing in an image says which one was meant.
#pragma once

#include <cstdint>

namespace fstool::fat {

/// The Unicode character of a byte.
char16_t from_code_page(std::uint8_t character);

/// The lower case of a letter, if the code page has it; else the same character.
std::uint8_t lower_in_code_page(std::uint8_t character);

}  // namespace fstool::fat

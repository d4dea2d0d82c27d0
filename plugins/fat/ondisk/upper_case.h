/// \file
/// Names of a directory must differ in more than the case of their letters.
#pragma once

#include <string>
#include <string_view>

namespace fstool::fat {

/// The upper case of a UTF-16 code unit, as Windows takes it when it compares names: letter by letter, without
/// surrogates.
char16_t upper_case(char16_t unit);
std::u16string upper_case(std::u16string_view text);

}  // namespace fstool::fat

/// \file
/// Which names FAT can hold.
#pragma once

#include <string>
#include <string_view>

namespace fstool::fat {

/// What is wrong with a name, for messages: "the character '?' is not allowed"; empty if it can be a long name.
std::string name_problem(std::string_view name);

}  // namespace fstool::fat

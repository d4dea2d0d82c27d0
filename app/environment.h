/// \file
/// The process's environment.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace fstool {

/// The value of an environment variable, if it is set.
std::optional<std::string> environment_variable(const std::string& name);

/// The program that runs. Throws Error(Io).
std::filesystem::path this_executable();

}  // namespace fstool

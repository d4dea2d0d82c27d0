/// \file
/// Completions of the command line for shells.
#pragma once

#include <string>
#include <vector>

#include "manual/program_manual.h"

namespace fstool {

/// For bash: a file of share/bash-completion/completions.
std::string bash_completion(const std::vector<DescribedEntry>& entries);
/// For zsh: a file of share/zsh/site-functions.
std::string zsh_completion(const std::vector<DescribedEntry>& entries);
/// For fish: a file of share/fish/vendor_completions.d.
std::string fish_completion(const std::vector<DescribedEntry>& entries);

}  // namespace fstool

/// \file
/// What the commands that make one file system without a spec have in common.
#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

#include "command_line.h"
#include "spec.h"

namespace fstool {

/// Adds -O, -S, --size, --container, --codec and --seed.
void add_filesystem_options(boost::program_options::options_description& options);

/// The spec of a file system of `type` that holds `sources`, from the lowest layer up, as `options` want it. Throws
/// Error(InvalidArgument/InvalidSpec) for what is wrong with them.
Spec filesystem_spec(const std::string& type, const std::vector<std::string>& sources, const ParsedOptions& options);

}  // namespace fstool

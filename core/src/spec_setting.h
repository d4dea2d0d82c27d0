/// \file
/// One value of a spec that the command line sets: `--set partitions.root.size=2GiB`.
#pragma once

#include <string>
#include <string_view>

#include "fstool/options.h"
#include "spec_problems.h"

namespace fstool {

/// Puts the value of `setting`, PATH=VALUE, into `table`. The path has the keys of tables, separated by dots; an
/// element of an array goes by its name, or else by its number from 0. Words may be quoted as TOML's keys. Keys that
/// are not there are made, as tables where the path goes on; elements of arrays are not. A value that begins with `[`,
/// `{` or a quote is TOML's; any other is text that may stand for a number or a boolean. What is wrong goes to
/// `problems`, where it is known by the name of the `option` that it came with.
void apply_setting(OptionTable& table, const std::string& setting, SpecProblems& problems,
                   std::string_view option = "--set");

}  // namespace fstool

/// \file
/// What every format's declaration promises, and the options to try a format with.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "check_run.h"
#include "fstool/options.h"

namespace fstool::conformance {

struct OptionSample {
  std::string label;  ///< "level = 3"; "no options" for none
  OptionTable table;
};

/// A table of one option whose value is written as for `-O`.
OptionTable one_option(const std::string& name, const std::string& value);

/// No options, and then one option each with each of its choices and bounds, and sizes and texts that it may have to
/// refuse. Thorough: with the choices and bounds of a second option, too.
std::vector<OptionSample> option_samples(const std::vector<OptionInfo>& options, bool thorough);

/// Checks what is declared, and that `create`, which makes something with the options, takes the defaults and refuses
/// what the declaration excludes.
void check_options(CheckRun& run, const std::vector<OptionInfo>& options,
                   const std::function<void(const OptionTable&)>& create);

}  // namespace fstool::conformance

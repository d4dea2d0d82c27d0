/// \file
/// Runs a check in a process of its own.
#pragma once

#include <functional>
#include <string>

#include "check_run.h"
#include "conformance.h"

namespace fstool::conformance {

/// Runs `check` in a child of this process. A case that ends the child, or takes longer than the settings allow, is a
/// finding, and another child goes on with the next case; after a few such cases the check ends. Throws Error(Io) if
/// there can be no child.
CheckResult run_isolated(std::string name, const std::function<void(CheckRun&)>& check, const Settings& settings);

}  // namespace fstool::conformance

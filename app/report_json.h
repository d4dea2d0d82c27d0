/// \file
/// Reports for programs.
#pragma once

#include <string>

#include "report.h"

namespace fstool {

/// The report as one JSON object, indented, with a newline at its end. Sizes and offsets are bytes. What does not apply
/// (a codec, the table of a bare file system, the output of a plan) is null.
std::string report_json(const Report& report);

/// What a run reports that had nothing to do.
std::string unchanged_json(const std::string& output);

}  // namespace fstool

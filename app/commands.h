/// \file
/// The commands of the program. Each takes the arguments behind its name and returns the exit code; it throws
/// UsageError for wrong arguments and Error for everything else.
#pragma once

#include "command_line.h"

namespace fstool {

int run_command(const Arguments& arguments);
int create_command(const Arguments& arguments);
int check_command(const Arguments& arguments);
int plugins_command(const Arguments& arguments);

}  // namespace fstool

/// \file
/// `fstool plugins new`.
#pragma once

#include "command_line.h"

namespace fstool {

int plugins_new_command(const Arguments& arguments);

}  // namespace fstool

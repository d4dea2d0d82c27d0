/// \file
/// The character set of the user's terminal.
#pragma once

#include "escape.h"

namespace fstool {

/// What the environment's locale says (LC_ALL, LC_CTYPE, LANG).
Charset locale_charset();

}  // namespace fstool

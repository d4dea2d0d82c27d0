/// \file
/// Standard input as an image or a source.
#pragma once

#include <string_view>

#include "fstool/blob.h"
#include "fstool/context.h"

namespace fstool {

/// What stands for it where a path is wanted.
inline constexpr std::string_view kStandardInput = "-";

/// All of standard input: the file, if it is a regular one that nobody has read from, else what comes through the pipe
/// up to its end, in a Spill. Throws Error(InvalidArgument) for a terminal, Error(Io), and Error(NoSpace/Io) as Spill.
BlobPtr open_standard_input(Context& context);

}  // namespace fstool

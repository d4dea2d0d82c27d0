/// \file
/// A file as a source: not what it holds, but itself.
#pragma once

#include <string_view>

#include "fstool/registry.h"
#include "fstool/source.h"

namespace fstool {

/// What a spec calls this source. Not a plugin's.
inline constexpr std::string_view kFileSource = "file";

/// The source whose tree is an implied root with one file of the input's name: its bytes, owner, permissions and time
/// as the host has them. Bytes are root's, 0644, and have the run's SOURCE_DATE_EPOCH, else the epoch. It claims
/// nothing. Thread-safe.
const Format<Source>& file_source();

}  // namespace fstool

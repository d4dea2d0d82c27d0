/// \file
/// What was asked for, as the record of an output names it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "command_line.h"
#include "session.h"

namespace fstool {

/// What a command builds beside what its options say.
struct BuildSubject {
  std::string identity;                      ///< names all that a spec says; empty: there is none
  std::vector<std::filesystem::path> files;  ///< what it was read from
};

/// Names everything beside the contents of inputs that decides on the output: the versions of fstool and its plugins,
/// the options but those that can't change its bytes, the spec, the current directory, SOURCE_DATE_EPOCH.
std::string request_of(const ParsedOptions& options, const BuildSubject& subject, const Session& session);

}  // namespace fstool

/// \file
/// How much is told on standard error.
#pragma once

namespace fstool {

/// Each level has what those before it have.
enum class LogLevel {
  Error,    ///< what ends the run
  Warning,  ///< what the user should know
  Info,     ///< what each step took
  Debug,    ///< when steps begin, which plugins are loaded
};

}  // namespace fstool

/// \file
/// Everything that the commands declare, for manuals and completions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "command_line.h"

namespace fstool {

/// A command, or a subcommand such as "plugins list".
struct DescribedEntry {
  std::string name;     ///< as it is typed
  std::string summary;  ///< what the program's help says of the command
  CommandManual manual;

  /// Another name of a command that has a manual of its own.
  bool is_alias() const { return name != manual.help.name; }
};

/// All commands in the order of the program's help; in place of those that have subcommands, these.
std::vector<DescribedEntry> describe_commands();

}  // namespace fstool

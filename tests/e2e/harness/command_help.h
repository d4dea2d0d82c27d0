/// \file
/// What the program says of its commands in `--help`.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace fstool::e2e {

struct HelpOption {
  std::string letter;  ///< without the dash; empty: none
  std::string name;    ///< without the dashes
  std::string value;   ///< "FILE"; empty: none

  auto operator<=>(const HelpOption&) const = default;
};

struct CommandHelp {
  std::string name;  ///< as it is typed: "run", "plugins list"
  std::set<HelpOption> options;
  std::set<std::string> exit_codes;
  std::string text;
};

/// The words behind "fstool" that name the commands in its help: "run", "build", …, "plugins".
std::vector<std::string> command_names();

/// The help of every command; in place of those that have subcommands, of these. Not thread-safe.
const std::vector<CommandHelp>& all_help();

/// What a text in the form of `--help` says.
CommandHelp parse_help(const std::string& name, const std::string& text);

/// The lines of a text, without the newlines.
std::vector<std::string> lines_of(const std::string& text);

}  // namespace fstool::e2e

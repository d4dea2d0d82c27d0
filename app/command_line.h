/// \file
/// What the commands share: parsing of their arguments, help, and usage errors.
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/error.h"

namespace fstool {

using Arguments = std::vector<std::string>;

/// The exit codes of the program.
inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
/// Of commands whose kExitFailure is an answer: something else went wrong.
inline constexpr int kExitTrouble = 2;

/// The command line is wrong: exit code 2, and a pointer to the help.
class UsageError : public std::runtime_error {
 public:
  /// `command` is what to ask for help, "run" for instance; empty for the program itself.
  UsageError(std::string command, const std::string& message)
      : std::runtime_error(message), command_(std::move(command)) {}
  const std::string& command() const noexcept { return command_; }

 private:
  std::string command_;
};

/// What an exit code of a command means.
struct ExitCode {
  int code = 0;
  std::string_view meaning;
};

/// Those of commands that either do what they are asked to, or fail.
inline const std::vector<ExitCode> kUsualExitCodes = {
    {kExitSuccess, "it is done"}, {kExitFailure, "it failed"}, {kExitUsage, "the command line is wrong"}};

/// What `--help` says beside the options.
struct CommandHelp {
  std::string name;         ///< "plugins list"
  std::string synopsis;     ///< what follows the name: "SPEC -o OUTPUT [options]"
  std::string description;  ///< paragraphs, wrapped by hand
  std::string examples;     ///< lines, each indented by two blanks
  std::vector<ExitCode> exit_codes = kUsualExitCodes;
};

/// One option as `--help`, manuals and completions have it.
struct OptionManual {
  std::string name;         ///< without the dashes: "output"
  std::string letter;       ///< "o"; empty: there is none
  std::string value;        ///< "FILE"; empty: it has none
  std::string description;  ///< lines, the first without a newline in front
};

/// Everything that is declared of a command.
struct CommandManual {
  CommandHelp help;
  std::vector<OptionManual> options;  ///< in the order in which they were declared
};

/// An argument that makes parse_arguments() throw DescribedCommand instead of parsing: how manuals and completions come
/// to know what every command declares. Nobody can type it.
inline constexpr std::string_view kDescribeArgument =
    "\x01"
    "describe";

struct DescribedCommand {
  CommandManual manual;
};

/// True if `option`, in front of a command, takes its value from the argument behind it.
bool takes_next_argument(std::string_view option);

/// The text that `--help` prints.
std::string help_text(const CommandManual& manual);

/// The lines of `--help` for some options.
std::string options_text(const std::vector<OptionManual>& options);
/// The lines of `--help` for exit codes.
std::string exit_codes_text(const std::vector<ExitCode>& codes);

/// The parsed options of one command.
class ParsedOptions {
 public:
  ParsedOptions(std::string command, boost::program_options::variables_map values)
      : command_(std::move(command)), values_(std::move(values)) {}

  const std::string& command() const noexcept { return command_; }
  bool has(const std::string& name) const { return values_.count(name) > 0; }
  /// The value, or "" if it was not given.
  std::string text(const std::string& name) const;
  /// All values in the order given.
  std::vector<std::string> texts(const std::string& name) const;
  /// Every option that was given, with its values, sorted by name.
  std::vector<std::pair<std::string, std::vector<std::string>>> all() const;
  /// Moves the last of several values of `from` to the option `to`, which has one. Nothing if there is none.
  void move_last(const std::string& from, const std::string& to);
  /// The value, which has to be there; `what` says what is missing: "a spec".
  std::string required(const std::string& name, std::string_view what) const;

 private:
  std::string command_;
  boost::program_options::variables_map values_;
};

/// Parses `arguments`; `positional` names the options that bare arguments fill, in order, and `rest` the one, of
/// several values, that takes all bare arguments behind them; empty: there may be none. Adds the options that every
/// command has (--plugin-dir, --plugin, --help). Prints the help and returns nothing if it was asked for. Throws
/// UsageError.
std::optional<ParsedOptions> parse_arguments(const CommandHelp& help,
                                             boost::program_options::options_description options,
                                             const std::vector<std::string>& positional, const Arguments& arguments,
                                             const std::string& rest = {});

/// Standard output is a pipe that nobody reads any more: there is nothing left to do, and nothing to tell.
struct ClosedPipe {};

/// Runs `work`, which reads an argument; an InvalidArgument error becomes a UsageError of `command`.
template <class Work>
decltype(auto) read_argument(const std::string& command, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::InvalidArgument) throw;
    throw UsageError(command, error.what());
  }
}

/// Writes to standard output. Throws Error(Io), ClosedPipe.
void print(std::string_view text);

/// Writes lines for people, of which names that others gave are a part: what could command a terminal is escaped for
/// one. Throws as print().
void print_lines(std::string_view text);

}  // namespace fstool

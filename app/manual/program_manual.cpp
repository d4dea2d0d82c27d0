#include "manual/program_manual.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "commands.h"

namespace fstool {

namespace {

CommandManual describe(const Command& command, Arguments arguments) {
  arguments.emplace_back(kDescribeArgument);
  try {
    command.execute(arguments);
  } catch (const DescribedCommand& described) {
    return described.manual;
  }
  throw std::logic_error("the command " + std::string(command.name) + " does not parse its arguments");
}

}  // namespace

std::vector<DescribedEntry> describe_commands() {
  std::vector<DescribedEntry> entries;
  for (const Command& command : all_commands()) {
    const std::string name(command.name);
    const std::string summary(command.summary);
    if (command.subcommands.empty()) entries.push_back({name, summary, describe(command, {})});
    for (const std::string_view subcommand : command.subcommands) {
      const std::string word(subcommand);
      entries.push_back({fmt::format("{} {}", name, word), summary, describe(command, {word})});
    }
  }
  return entries;
}

}  // namespace fstool

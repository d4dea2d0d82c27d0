#include "harness/command_help.h"

#include <regex>
#include <sstream>

#include "harness/image.h"

namespace fstool::e2e {

namespace {

std::string help_of(const Command& words) {
  Command command = words;
  command.emplace_back("--help");
  command.insert(command.begin(), FSTOOL_E2E_PROGRAM);
  return expect_success(command);
}

/// "list" of "fstool plugins list", in the usage of a command with subcommands.
std::vector<std::string> subcommands(const std::string& name, const std::string& help) {
  std::vector<std::string> words;
  const std::regex usage("(Usage:|      ) fstool " + name + " ([a-z-]+) .*");
  for (const std::string& line : lines_of(help)) {
    std::smatch match;
    if (std::regex_match(line, match, usage)) words.push_back(match[2]);
  }
  // The usage of a command without subcommands is one line, of arguments.
  return words.size() > 1 ? words : std::vector<std::string>();
}

std::vector<CommandHelp> read_all_help() {
  std::vector<CommandHelp> all;
  for (const std::string& name : command_names()) {
    const std::string help = help_of({name});
    const std::vector<std::string> words = subcommands(name, help);
    if (words.empty()) all.push_back(parse_help(name, help));
    for (const std::string& word : words) all.push_back(parse_help(name + " " + word, help_of({name, word})));
  }
  return all;
}

}  // namespace

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  bool is_command = false;
  for (const std::string& line : lines_of(help_of({}))) {
    if (line == "Commands:") {
      is_command = true;
    } else if (line.empty()) {
      is_command = false;
    } else if (is_command) {
      names.push_back(line.substr(2, line.find(' ', 2) - 2));
    }
  }
  return names;
}

CommandHelp parse_help(const std::string& name, const std::string& text) {
  static const std::regex option_line(R"(  (?:-(.), |    )--([a-z-]+)(?: (\S+))?(?:  .*)?)");
  static const std::regex exit_code_line(R"(  (\d+)  .*)");
  CommandHelp help{.name = name, .options = {}, .exit_codes = {}, .text = text};
  for (const std::string& line : lines_of(text)) {
    std::smatch match;
    if (std::regex_match(line, match, option_line)) help.options.insert({match[1], match[2], match[3]});
    if (std::regex_match(line, match, exit_code_line)) help.exit_codes.insert(match[1]);
  }
  return help;
}

const std::vector<CommandHelp>& all_help() {
  static const std::vector<CommandHelp> help = read_all_help();
  return help;
}

}  // namespace fstool::e2e

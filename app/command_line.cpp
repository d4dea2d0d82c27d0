#include "command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>

#include "escape.h"
#include "standard_output.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;

OptionManual manual_of(const po::option_description& option) {
  const std::string shortest = option.canonical_display_name(po::command_line_style::allow_dash_for_short);
  OptionManual manual{.name = option.long_name(), .letter = {}, .value = {}, .description = option.description()};
  if (shortest.size() == 2) manual.letter = shortest.substr(1);
  if (option.semantic()->max_tokens() > 0) {
    // A default stands behind it, as in "FILE (=pipeline.toml)"; the description says it.
    const std::string value = option.semantic()->name();
    manual.value = value.substr(0, value.find(" (="));
  }
  return manual;
}

CommandManual manual_of(const CommandHelp& help, const po::options_description& options) {
  CommandManual manual{.help = help, .options = {}};
  for (const auto& option : options.options()) {
    // One without a description is filled by a bare argument, which the synopsis shows.
    if (!option->description().empty()) manual.options.push_back(manual_of(*option));
  }
  return manual;
}

/// "-o, --output FILE"
std::string option_syntax(const OptionManual& option) {
  return fmt::format("{:4}--{}{}{}", option.letter.empty() ? "" : fmt::format("-{}, ", option.letter), option.name,
                     option.value.empty() ? "" : " ", option.value);
}

}  // namespace

bool takes_next_argument(std::string_view option) { return option == "--plugin-dir" || option == "--plugin"; }

std::string options_text(const std::vector<OptionManual>& options) {
  constexpr std::size_t kColumn = 28;
  std::string text;
  for (const OptionManual& option : options) {
    std::string syntax = "  " + option_syntax(option);
    if (syntax.size() + 2 > kColumn) {
      text += syntax + "\n";
      syntax.clear();
    }
    std::string description = option.description;
    for (std::size_t i = description.find('\n'); i != std::string::npos; i = description.find('\n', i + 1)) {
      description.insert(i + 1, kColumn, ' ');
    }
    text += fmt::format("{:<{}}{}\n", syntax, kColumn, description);
  }
  return text;
}

std::string exit_codes_text(const std::vector<ExitCode>& codes) {
  std::string text;
  for (const ExitCode& code : codes) text += fmt::format("  {}  {}\n", code.code, code.meaning);
  return text;
}

std::string help_text(const CommandManual& manual) {
  const CommandHelp& help = manual.help;
  std::string text = fmt::format("Usage: fstool {} {}\n\n{}\n\nOptions:\n{}\nExit codes:\n{}", help.name, help.synopsis,
                                 help.description, options_text(manual.options), exit_codes_text(help.exit_codes));
  if (!help.examples.empty()) text += fmt::format("\nExamples:\n{}\n", help.examples);
  return text;
}

std::string ParsedOptions::text(const std::string& name) const {
  return has(name) ? values_[name].as<std::string>() : std::string();
}

std::vector<std::string> ParsedOptions::texts(const std::string& name) const {
  return has(name) ? values_[name].as<std::vector<std::string>>() : std::vector<std::string>();
}

std::vector<std::pair<std::string, std::vector<std::string>>> ParsedOptions::all() const {
  std::vector<std::pair<std::string, std::vector<std::string>>> options;
  for (const auto& [name, value] : values_) {
    std::vector<std::string>& texts = options.emplace_back(name, std::vector<std::string>()).second;
    if (const auto* text = boost::any_cast<std::string>(&value.value())) texts = {*text};
    if (const auto* list = boost::any_cast<std::vector<std::string>>(&value.value())) texts = *list;
  }
  return options;
}

void ParsedOptions::move_last(const std::string& from, const std::string& to) {
  std::vector<std::string> values = texts(from);
  if (values.empty()) return;
  std::map<std::string, po::variable_value>& all = values_;
  all[to] = po::variable_value(boost::any(values.back()), false);
  values.pop_back();
  all[from] = po::variable_value(boost::any(std::move(values)), false);
}

std::string ParsedOptions::required(const std::string& name, std::string_view what) const {
  std::string value = text(name);
  if (value.empty()) throw UsageError(command_, fmt::format("{} is missing", what));
  return value;
}

std::optional<ParsedOptions> parse_arguments(const CommandHelp& help, po::options_description options,
                                             const std::vector<std::string>& positional, const Arguments& arguments,
                                             const std::string& rest) {
  options.add_options()("plugin-dir", po::value<std::vector<std::string>>()->value_name("DIR"),
                        "Look for plugins in DIR first (may be repeated)")(
      "plugin", po::value<std::vector<std::string>>()->value_name("NAME"),
      "Prefer the plugin NAME where several offer the same format\n(may be repeated)");
  const bool has_own_h = options.find_nothrow("-h", false, false, true) != nullptr;  // as grep does
  options.add_options()(has_own_h ? "help" : "help,h", "Show this help");
  if (std::ranges::find(arguments, kDescribeArgument) != arguments.end()) {
    throw DescribedCommand{manual_of(help, options)};
  }
  po::positional_options_description places;
  for (const std::string& name : positional) places.add(name.c_str(), 1);
  if (!rest.empty()) places.add(rest.c_str(), -1);
  po::variables_map values;
  try {
    po::store(po::command_line_parser(arguments).options(options).positional(places).style(kStyle).run(), values);
  } catch (const po::too_many_positional_options_error&) {
    throw UsageError(help.name, "too many arguments");
  } catch (const po::error& error) {
    throw UsageError(help.name, error.what());
  }
  if (values.count("help") > 0) {
    print(help_text(manual_of(help, options)));
    return std::nullopt;
  }
  return ParsedOptions(help.name, std::move(values));
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    if (errno == EPIPE) throw ClosedPipe();
    throw system_error("writing to standard output", errno);
  }
}

void print_lines(std::string_view text) {
  const StandardOutput output;
  print(output.is_terminal() ? escape_message(text, output.charset()) : std::string(text));
}

}  // namespace fstool

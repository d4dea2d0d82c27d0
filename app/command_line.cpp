#include "command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace fstool {

namespace po = boost::program_options;

namespace {

constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;

/// "-o, --output FILE"
std::string option_syntax(const po::option_description& option) {
  const std::string shortest = option.canonical_display_name(po::command_line_style::allow_dash_for_short);
  const bool has_short = shortest.size() == 2;
  std::string text = fmt::format("{}--{}", has_short ? shortest + ", " : "    ", option.long_name());
  if (option.semantic()->max_tokens() > 0) text += " " + option.semantic()->name();
  return text;
}

}  // namespace

bool takes_next_argument(std::string_view option) { return option == "--plugin-dir" || option == "--plugin"; }

std::string help_text(const CommandHelp& help, const po::options_description& options) {
  constexpr std::size_t kColumn = 28;
  std::string text = fmt::format("Usage: fstool {} {}\n\n{}\n\nOptions:\n", help.name, help.synopsis, help.description);
  for (const auto& option : options.options()) {
    if (option->description().empty()) continue;  // filled by a bare argument, which the synopsis shows
    std::string syntax = "  " + option_syntax(*option);
    if (syntax.size() + 2 > kColumn) {
      text += syntax + "\n";
      syntax.clear();
    }
    std::string description = option->description();
    for (std::size_t i = description.find('\n'); i != std::string::npos; i = description.find('\n', i + 1)) {
      description.insert(i + 1, kColumn, ' ');
    }
    text += fmt::format("{:<{}}{}\n", syntax, kColumn, description);
  }
  if (!help.examples.empty()) text += fmt::format("\nExamples:\n{}\n", help.examples);
  return text;
}

std::string ParsedOptions::text(const std::string& name) const {
  return has(name) ? values_[name].as<std::string>() : std::string();
}

std::vector<std::string> ParsedOptions::texts(const std::string& name) const {
  return has(name) ? values_[name].as<std::vector<std::string>>() : std::vector<std::string>();
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
      "Prefer the plugin NAME where several offer the same format (may be repeated)")("help,h", "Show this help");
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
    print(help_text(help, options));
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

}  // namespace fstool

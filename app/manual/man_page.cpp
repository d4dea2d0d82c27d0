#include "manual/man_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "commands.h"

namespace fstool {

namespace {

/// Text that means itself.
std::string plain(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\_*#`~").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// Several lines as one paragraph.
std::string paragraph(std::string_view text) {
  std::string joined = plain(text);
  std::ranges::replace(joined, '\n', ' ');
  return joined;
}

/// Paragraphs, which empty lines separate. A line that begins with "-" or "." would begin a list.
std::string paragraphs(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find("\n\n"), text.size());
    const std::string joined = paragraph(text.substr(0, end));
    if (joined.starts_with('-') || joined.starts_with('.')) result += '\\';
    result += joined + "\n\n";
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return result;
}

std::string definition(std::string_view term, std::string_view description) {
  return fmt::format("{}\n\t{}\n\n", term, paragraph(description));
}

/// "*-o*, *--output* _FILE_"
std::string option_term(const OptionManual& option) {
  std::string term = option.letter.empty() ? "" : fmt::format("*-{}*, ", option.letter);
  term += fmt::format("*--{}*", plain(option.name));
  if (!option.value.empty()) term += fmt::format(" _{}_", plain(option.value));
  return term;
}

std::string option_definitions(const std::vector<OptionManual>& options) {
  std::string text;
  for (const OptionManual& option : options) text += definition(option_term(option), option.description);
  return text;
}

std::string exit_code_definitions(const std::vector<ExitCode>& codes) {
  std::string text;
  for (const ExitCode& code : codes) text += definition(fmt::format("*{}*", code.code), code.meaning);
  return text;
}

/// Without its full stop.
std::string first_sentence(const std::string& text) { return text.substr(0, text.find_first_of(".\n,:")); }

std::string summary_of(const DescribedEntry& entry) {
  const bool is_subcommand = entry.name.find(' ') != std::string::npos;
  return is_subcommand ? first_sentence(entry.manual.help.description) : entry.summary;
}

std::string command_definitions(const std::vector<DescribedEntry>& entries) {
  std::string text;
  for (const DescribedEntry& entry : entries) {
    text += definition(fmt::format("*{}*", plain(entry.name)),
                       fmt::format("{}: see {}(1)", summary_of(entry), page_name(entry.manual.help.name)));
  }
  return text;
}

/// A block of lines as they are, without the two blanks that --help indents them by.
std::string examples_section(std::string_view examples) {
  if (examples.empty()) return {};
  std::string lines;
  while (!examples.empty()) {
    const std::size_t end = std::min(examples.find('\n'), examples.size());
    std::string_view line = examples.substr(0, end);
    if (line.starts_with("  ")) line.remove_prefix(2);
    lines.append(line).append("\n");
    examples.remove_prefix(std::min(end + 1, examples.size()));
  }
  return "# EXAMPLES\n\n```\n" + lines + "```\n\n";
}

void replace_all(std::string& text, std::string_view mark, const std::string& with) {
  for (std::size_t i = text.find(mark); i != std::string::npos; i = text.find(mark, i + with.size())) {
    text.replace(i, mark.size(), with);
  }
}

}  // namespace

std::string page_name(std::string_view command) {
  std::string name = fmt::format("fstool-{}", command);
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string command_page(const DescribedEntry& entry) {
  const CommandHelp& help = entry.manual.help;
  const std::string page = page_name(help.name);
  return fmt::format(
      "{}(1) \"fstool {}\" \"fstool manual\"\n\n"
      "# NAME\n\n{} - {}\n\n"
      "# SYNOPSIS\n\n*fstool {}* {}\n\n"
      "# DESCRIPTION\n\n{}"
      "# OPTIONS\n\n{}"
      "# EXIT STATUS\n\n{}"
      "{}"
      "# SEE ALSO\n\n*fstool*(1), *fstool-spec*(5), *fstool-plugins*(7)\n",
      page, FSTOOL_VERSION, page, plain(summary_of(entry)), plain(help.name), plain(help.synopsis),
      paragraphs(help.description), option_definitions(entry.manual.options), exit_code_definitions(help.exit_codes),
      examples_section(help.examples));
}

std::string alias_page(const DescribedEntry& entry) {
  return fmt::format(".so man1/{}.1\n", page_name(entry.manual.help.name));
}

std::string fill_page(std::string text, const std::vector<DescribedEntry>& entries) {
  replace_all(text, "@COMMANDS@\n", command_definitions(entries));
  replace_all(text, "@OPTIONS@\n", option_definitions(program_options()));
  replace_all(text, "@EXIT_CODES@\n", exit_code_definitions(kUsualExitCodes));
  replace_all(text, "@VERSION@", FSTOOL_VERSION);
  return text;
}

}  // namespace fstool

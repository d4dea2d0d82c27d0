#include "manual/completions.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "commands.h"
#include "manual/option_values.h"

namespace fstool {

namespace {

constexpr std::string_view kGenerated = "Generated from what the program declares; see app/manual/ in its source.";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t i = text.find(what); i != std::string::npos; i = text.find(what, i + with.size())) {
    text.replace(i, what.size(), with);
  }
  return text;
}

/// Between single quotes of bash and zsh.
std::string shell_quoted(const std::string& text) { return "'" + replaced(text, "'", "'\\''") + "'"; }

/// "-o --output"
std::string spellings(const OptionManual& option) {
  return option.letter.empty() ? "--" + option.name : fmt::format("-{} --{}", option.letter, option.name);
}

// --- bash
// -------------------------------------------------------------------------------------------------------------

std::string bash_words(const std::vector<OptionManual>& options) {
  std::string words;
  for (const OptionManual& option : options) words += (words.empty() ? "" : " ") + spellings(option);
  return words;
}

std::string bash_pattern(const OptionManual& option) { return replaced(spellings(option), " ", "|"); }

/// What follows the options that have values.
std::string bash_values(const std::vector<OptionManual>& options) {
  std::string text;
  for (const OptionManual& option : options) {
    switch (value_kind(option)) {
      case ValueKind::Choice:
        text += fmt::format("        {}) _fstool_words {}; return ;;\n", bash_pattern(option),
                            shell_quoted(choices(option)));
        break;
      case ValueKind::Directory:
        text += fmt::format("        {}) compopt -o dirnames; return ;;\n", bash_pattern(option));
        break;
      case ValueKind::File:
      case ValueKind::Other:
        text += fmt::format("        {}) return ;;\n", bash_pattern(option));
        break;
      case ValueKind::None:
        break;
    }
  }
  return text;
}

std::string bash_case(const std::string& name, const std::vector<OptionManual>& options, const std::string& words) {
  return fmt::format(
      "    {})\n"
      "      case $previous in\n{}"
      "      esac\n"
      "      if [[ $current == -* ]]; then _fstool_words {}; {}fi\n"
      "      ;;\n",
      shell_quoted(name), bash_values(options), shell_quoted(bash_words(options)),
      words.empty() ? "" : fmt::format("else _fstool_words {}; ", shell_quoted(words)));
}

/// "run build create …"
std::string first_words() {
  std::string words;
  for (const Command& command : all_commands()) words += (words.empty() ? "" : " ") + std::string(command.name);
  return words;
}

std::string joined(const std::vector<std::string_view>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

/// "plugins"
std::vector<std::string_view> parents() {
  std::vector<std::string_view> names;
  for (const Command& command : all_commands()) {
    if (!command.subcommands.empty()) names.push_back(command.name);
  }
  return names;
}

}  // namespace

std::string bash_completion(const std::vector<DescribedEntry>& entries) {
  std::string cases = bash_case("", program_options(), first_words());
  for (const Command& command : all_commands()) {
    if (command.subcommands.empty()) continue;
    cases += bash_case(std::string(command.name), program_options(), joined(command.subcommands, " "));
  }
  for (const DescribedEntry& entry : entries) cases += bash_case(entry.name, entry.manual.options, "");
  return fmt::format(
      "# bash completion for fstool. {}\n"
      "\n"
      "_fstool_words() {{ mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$current\"); }}\n"
      "\n"
      "_fstool() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} command='' i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case ${{COMP_WORDS[i]}} in\n"
      "      --plugin-dir|--plugin) ((++i)) ;;\n"
      "      -*) ;;\n"
      "      *)\n"
      "        command+=${{command:+ }}${{COMP_WORDS[i]}}\n"
      "        case $command in {}) ;; *) break ;; esac\n"
      "        ;;\n"
      "    esac\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case $command in\n"
      "{}"
      "  esac\n"
      "}}\n"
      "complete -o default -F _fstool fstool\n",
      kGenerated, joined(parents(), "|"), cases);
}

// --- zsh
// --------------------------------------------------------------------------------------------------------------

namespace {

std::string zsh_text(std::string text) {
  for (const std::string_view special : {"\\", "[", "]", ":"}) {
    text = replaced(std::move(text), special, "\\" + std::string(special));
  }
  return text;
}

std::string zsh_value(const OptionManual& option) {
  const std::string name = zsh_text(value_kind(option) == ValueKind::Choice ? option.name : option.value);
  switch (value_kind(option)) {
    case ValueKind::Choice:
      return fmt::format(":{}:({})", name, choices(option));
    case ValueKind::Directory:
      return fmt::format(":{}:_files -/", name);
    case ValueKind::File:
      return fmt::format(":{}:_files", name);
    case ValueKind::Other:
      return fmt::format(":{}: ", name);
    case ValueKind::None:
      break;
  }
  return {};
}

/// One argument of _arguments.
std::string zsh_option(const OptionManual& option) {
  const bool repeats = may_be_repeated(option);
  const bool has_value = !option.value.empty();
  const std::string rest =
      shell_quoted(fmt::format("[{}]{}", zsh_text(one_line_description(option)), zsh_value(option)));
  const std::string name = fmt::format("--{}{}", option.name, has_value ? "=" : "");
  if (option.letter.empty()) return fmt::format("'{}{}'{}", repeats ? "*" : "", name, rest);
  const std::string front = repeats ? "'*'" : fmt::format("'(-{} --{})'", option.letter, option.name);
  return fmt::format("{}{{-{}{},{}}}{}", front, option.letter, has_value ? "+" : "", name, rest);
}

std::string zsh_arguments(const std::vector<OptionManual>& options, std::string_view indent) {
  std::string text = "_arguments -s";
  for (const OptionManual& option : options) text += fmt::format(" \\\n{}  {}", indent, zsh_option(option));
  return text + fmt::format(" \\\n{}  '*:file:_files'", indent);
}

std::string zsh_description(const Command& command) {
  return fmt::format("    {}\n",
                     shell_quoted(fmt::format("{}:{}", command.name, zsh_text(std::string(command.summary)))));
}

}  // namespace

std::string zsh_completion(const std::vector<DescribedEntry>& entries) {
  std::string names;
  for (const Command& command : all_commands()) names += zsh_description(command);
  std::string cases;
  for (const DescribedEntry& entry : entries) {
    cases += fmt::format("    {})\n      {}\n      ;;\n", shell_quoted(entry.name),
                         zsh_arguments(entry.manual.options, "      "));
  }
  std::string second;
  for (const Command& command : all_commands()) {
    if (command.subcommands.empty()) continue;
    second += fmt::format(
        "    {}) if ((CURRENT == 2)); then compadd -- {}; return; fi; command+=\" $words[2]\"; shift words; "
        "((--CURRENT)) ;;\n",
        command.name, joined(command.subcommands, " "));
  }
  std::string options;
  for (const OptionManual& option : program_options()) options += fmt::format("    {} \\\n", zsh_option(option));
  return fmt::format(
      "#compdef fstool\n"
      "# zsh completion for fstool. {}\n"
      "\n"
      "local curcontext=$curcontext state line command\n"
      "local -a commands\n"
      "typeset -A opt_args\n"
      "commands=(\n{})\n"
      "_arguments -C \\\n{}"
      "    '1:command:->command' '*::argument:->arguments' && return\n"
      "if [[ $state == command ]]; then\n"
      "  _describe command commands\n"
      "else\n"
      "  command=$words[1]\n"
      "  case $command in\n{}"
      "  esac\n"
      "  case $command in\n{}"
      "  esac\n"
      "fi\n",
      kGenerated, names, options, second, cases);
}

// --- fish
// -------------------------------------------------------------------------------------------------------------

namespace {

std::string fish_quoted(std::string text) {
  return "'" + replaced(replaced(std::move(text), "\\", "\\\\"), "'", "\\'") + "'";
}

std::string fish_option(const std::string& condition, const OptionManual& option) {
  std::string text = fmt::format("complete -c fstool -n {}", fish_quoted(condition));
  if (!option.letter.empty()) text += fmt::format(" -s {}", option.letter);
  text += fmt::format(" -l {}", option.name);
  switch (value_kind(option)) {
    case ValueKind::Choice:
      text += fmt::format(" -x -a {}", fish_quoted(choices(option)));
      break;
    case ValueKind::Directory:
      text += " -x -a '(__fish_complete_directories)'";
      break;
    case ValueKind::File:
      text += " -r -F";
      break;
    case ValueKind::Other:
      text += " -x";
      break;
    case ValueKind::None:
      break;
  }
  return text + fmt::format(" -d {}\n", fish_quoted(one_line_description(option)));
}

/// True where the words so far are `command`, "plugins list" for instance; empty: none yet.
std::string fish_condition(std::string_view command) {
  return command.empty() ? "__fstool_command" : fmt::format("__fstool_command {}", command);
}

/// fish's own __fish_seen_subcommand_from takes "info" of "plugins info" for the command of that name.
std::string fish_function() {
  return fmt::format(
      "function __fstool_command\n"
      "    set -l words (commandline -opc)\n"
      "    set -e words[1]\n"
      "    set -l command\n"
      "    set -l is_value no\n"
      "    for word in $words\n"
      "        if test $is_value = yes\n"
      "            set is_value no\n"
      "            continue\n"
      "        end\n"
      "        switch $word\n"
      "            case --plugin-dir --plugin\n"
      "                set is_value yes\n"
      "            case '-*'\n"
      "            case '*'\n"
      "                set -a command $word\n"
      "                contains -- \"$command\" {}; or break\n"
      "        end\n"
      "    end\n"
      "    test \"$command\" = \"$argv\"\n"
      "end\n\n",
      joined(parents(), " "));
}

}  // namespace

std::string fish_completion(const std::vector<DescribedEntry>& entries) {
  std::string text = fmt::format("# fish completion for fstool. {}\n\n", kGenerated) + fish_function();
  for (const OptionManual& option : program_options()) text += fish_option(fish_condition(""), option);
  for (const Command& command : all_commands()) {
    text += fmt::format("complete -c fstool -n {} -f -a {} -d {}\n", fish_condition(""), command.name,
                        fish_quoted(std::string(command.summary)));
    if (command.subcommands.empty()) continue;
    text += fmt::format("complete -c fstool -n {} -f -a {}\n", fish_quoted(fish_condition(command.name)),
                        fish_quoted(joined(command.subcommands, " ")));
  }
  for (const DescribedEntry& entry : entries) {
    text += "\n";
    for (const OptionManual& option : entry.manual.options) text += fish_option(fish_condition(entry.name), option);
  }
  return text;
}

}  // namespace fstool

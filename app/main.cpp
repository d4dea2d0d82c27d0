#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "commands.h"
#include "diagnostics.h"
#include "fstool/options.h"

namespace fstool {

namespace {

void print_help() {
  std::string text =
      "Usage: fstool COMMAND [arguments]\n"
      "\n"
      "Builds disk images and file systems in one pass, and looks into them.\n"
      "\n"
      "Commands:\n";
  for (const Command& command : all_commands()) text += fmt::format("  {:<14}{}\n", command.name, command.summary);
  text +=
      "\n"
      "Options before or behind the command:\n" +
      options_text(program_options()) +
      "\n"
      "Exit codes, unless the command has its own:\n" +
      exit_codes_text(kUsualExitCodes) +
      "\n"
      "Examples:\n"
      "  fstool create -t ext4 ./rootfs -o rootfs.ext4\n"
      "  fstool run pipeline.toml -o disk.qcow2\n"
      "  fstool ls -l disk.qcow2:root /etc\n"
      "  fstool run --help\n";
  print(text);
}

const Command& find_command(const std::string& name) {
  const auto found = std::ranges::find(all_commands(), name, &Command::name);
  if (found != all_commands().end()) return *found;
  std::vector<std::string> names;
  names.reserve(all_commands().size());
  for (const Command& command : all_commands()) names.emplace_back(command.name);
  throw UsageError("", fmt::format("unknown command \"{}\"{}", name, did_you_mean(name, names)));
}

int report_usage(const UsageError& error) {
  const std::string program = error.command().empty() ? "fstool" : "fstool " + error.command();
  print_error(error.what());
  print_hint(fmt::format("Try \"{} --help\".\n", program));
  return kExitUsage;
}

void report_failure(const Error& error) {
  if (error.code() == ErrorCode::Cancelled) {
    print_cancelled();
  } else {
    print_error(error.what());
  }
}

/// Runs `work`, which returns an exit code. What it throws is told, and is the exit code `failure`.
template <class Work>
int run_and_report(int failure, const Work& work) {
  try {
    return work();
  } catch (const UsageError& error) {
    return report_usage(error);
  } catch (const Error& error) {
    report_failure(error);
  } catch (const ClosedPipe&) {
    return failure;
  } catch (const std::bad_alloc&) {
    print_error("out of memory");
  } catch (const std::exception& error) {
    print_error(fmt::format("unexpected: {}", error.what()));
  }
  return failure;
}

int execute(const Arguments& arguments) {
  // What comes before the command holds for every command, and each command reads it itself.
  Arguments leading;
  auto argument = arguments.begin();
  for (; argument != arguments.end() && argument->starts_with('-'); ++argument) {
    if (*argument == "--help" || *argument == "-h") {
      print_help();
      return kExitSuccess;
    }
    if (*argument == "--version" || *argument == "-V") {
      print("fstool " FSTOOL_VERSION "\n");
      return kExitSuccess;
    }
    if (!takes_next_argument(argument->substr(0, argument->find('=')))) {
      throw UsageError("", fmt::format("unknown option \"{}\" in front of the command", *argument));
    }
    leading.push_back(*argument);
    if (takes_next_argument(*argument) && std::next(argument) != arguments.end()) leading.push_back(*++argument);
  }
  if (argument == arguments.end()) throw UsageError("", "the command is missing");

  const Command& command = find_command(*argument);
  leading.insert(leading.end(), std::next(argument), arguments.end());
  return run_and_report(command.failure, [&] { return command.execute(leading); });
}

}  // namespace

/// True if standard error is for a program that reads it, which errors of the command line hold to, too.
static bool wants_json_lines(const Arguments& arguments) {
  const auto is_option = [](const std::string& argument) { return argument == "--progress"; };
  const auto option = std::ranges::find_if(arguments, is_option);
  if (option != arguments.end() && std::next(option) != arguments.end() && *std::next(option) == "json") return true;
  return std::ranges::find(arguments, "--progress=json") != arguments.end();
}

static int run_program(const Arguments& arguments) {
  if (wants_json_lines(arguments)) set_diagnostic_style(DiagnosticStyle::JsonLines);
  return run_and_report(kExitFailure, [&] { return execute(arguments); });
}

}  // namespace fstool

int main(int argc, char** argv) {
  return fstool::run_program(fstool::Arguments(argv + std::min(argc, 1), argv + argc));
}

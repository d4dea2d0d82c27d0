#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>

#include "commands.h"
#include "fstool/options.h"

namespace fstool {

namespace {

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*execute)(const Arguments& arguments);
};

constexpr std::array kCommands = {
    Command{"run", "build what a spec describes", run_command},
    Command{"build", "the same as run", run_command},
    Command{"create", "make a file system from a directory or an image", create_command},
    Command{"check", "look for damage in an image", check_command},
    Command{"plugins", "list the plugins, and describe their options", plugins_command},
};

void print_help() {
  std::string text =
      "Usage: fstool COMMAND [arguments]\n"
      "\n"
      "Builds disk images and file systems in one pass.\n"
      "\n"
      "Commands:\n";
  for (const Command& command : kCommands) text += fmt::format("  {:<10}{}\n", command.name, command.summary);
  text +=
      "\n"
      "Options before or behind the command:\n"
      "  --plugin-dir DIR  look for plugins in DIR first\n"
      "  -h, --help        show this help, or that of the command\n"
      "  -V, --version     show the version\n"
      "\n"
      "Examples:\n"
      "  fstool create -t ext4 ./rootfs -o rootfs.ext4\n"
      "  fstool run pipeline.toml -o disk.qcow2\n"
      "  fstool run --help\n";
  print(text);
}

const Command& find_command(const std::string& name) {
  const auto found = std::ranges::find(kCommands, name, &Command::name);
  if (found != kCommands.end()) return *found;
  std::vector<std::string> names;
  for (const Command& command : kCommands) names.emplace_back(command.name);
  throw UsageError("", fmt::format("unknown command \"{}\"{}", name, did_you_mean(name, names)));
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
    if (*argument != "--plugin-dir" && !argument->starts_with("--plugin-dir=")) {
      throw UsageError("", fmt::format("unknown option \"{}\" in front of the command", *argument));
    }
    leading.push_back(*argument);
    if (*argument == "--plugin-dir" && std::next(argument) != arguments.end()) leading.push_back(*++argument);
  }
  if (argument == arguments.end()) throw UsageError("", "the command is missing");

  const Command& command = find_command(*argument);
  leading.insert(leading.end(), std::next(argument), arguments.end());
  return command.execute(leading);
}

int report_usage(const UsageError& error) {
  const std::string program = error.command().empty() ? "fstool" : "fstool " + error.command();
  print_diagnostic(fmt::format("fstool: error: {}\nTry \"{} --help\".\n", error.what(), program));
  return kExitUsage;
}

int report_failure(const Error& error) {
  if (error.code() == ErrorCode::Cancelled) {
    print_diagnostic("fstool: cancelled\n");
  } else {
    print_diagnostic(fmt::format("fstool: error: {}\n", error.what()));
  }
  return kExitFailure;
}

}  // namespace

}  // namespace fstool

int main(int argc, char** argv) {
  try {
    return fstool::execute(fstool::Arguments(argv + std::min(argc, 1), argv + argc));
  } catch (const fstool::UsageError& error) {
    return fstool::report_usage(error);
  } catch (const fstool::Error& error) {
    return fstool::report_failure(error);
  } catch (const fstool::ClosedPipe&) {
    return fstool::kExitFailure;
  } catch (const std::bad_alloc&) {
    fstool::print_diagnostic("fstool: error: out of memory\n");
  } catch (const std::exception& error) {
    fstool::print_diagnostic(fmt::format("fstool: error: unexpected: {}\n", error.what()));
  }
  return fstool::kExitFailure;
}

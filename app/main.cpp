#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <new>

#include "commands.h"
#include "diagnostics.h"
#include "fstool/options.h"

namespace fstool {

namespace {

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*execute)(const Arguments& arguments);
  int failure = kExitFailure;  ///< the exit code of errors
};

constexpr std::array kCommands = {
    Command{"run", "build what a spec describes", run_command},
    Command{"build", "the same as run", run_command},
    Command{"init", "write a spec to start with", init_command},
    Command{"create", "make a file system from a directory or an image", create_command},
    Command{"convert", "make another image of the disk in one", convert_command},
    Command{"info", "show the layers of an image", info_command},
    Command{"ls", "list files in an image", ls_command},
    Command{"cat", "write contents of files in an image", cat_command},
    Command{"stat", "show what an image says about files", stat_command},
    Command{"tree", "draw the directories of an image", tree_command},
    Command{"find", "find files in an image", find_command},
    Command{"grep", "search contents of files in an image", grep_command, kExitTrouble},
    Command{"hash", "hash an image or files in it", hash_command},
    Command{"manifest", "write a manifest of the files in an image", manifest_command},
    Command{"extract", "write the files of an image into a directory or an archive", extract_command},
    Command{"diff", "compare the files of two images, directories or archives", diff_command, kExitTrouble},
    Command{"map", "draw what lies where on a disk", map_command},
    Command{"check", "look for damage in an image", check_command},
    Command{"repair-table", "mend a partition table from what is good of it", repair_table_command},
    Command{"schema", "print a JSON Schema of specs", schema_command},
    Command{"plugins", "list plugins, describe their options, begin a new one, and test them", plugins_command},
};

void print_help() {
  std::string text =
      "Usage: fstool COMMAND [arguments]\n"
      "\n"
      "Builds disk images and file systems in one pass, and looks into them.\n"
      "\n"
      "Commands:\n";
  for (const Command& command : kCommands) text += fmt::format("  {:<14}{}\n", command.name, command.summary);
  text +=
      "\n"
      "Options before or behind the command:\n"
      "  --plugin-dir DIR  look for plugins in DIR first\n"
      "  --plugin NAME     prefer the plugin NAME where several offer the same format\n"
      "  -h, --help        show this help, or that of the command\n"
      "  -V, --version     show the version\n"
      "\n"
      "Examples:\n"
      "  fstool create -t ext4 ./rootfs -o rootfs.ext4\n"
      "  fstool run pipeline.toml -o disk.qcow2\n"
      "  fstool ls -l disk.qcow2:root /etc\n"
      "  fstool run --help\n";
  print(text);
}

const Command& find_command(const std::string& name) {
  const auto found = std::ranges::find(kCommands, name, &Command::name);
  if (found != kCommands.end()) return *found;
  std::vector<std::string> names;
  names.reserve(kCommands.size());
  for (const Command& command : kCommands) names.emplace_back(command.name);
  throw UsageError("", fmt::format("unknown command \"{}\"{}", name, did_you_mean(name, names)));
}

int report_usage(const UsageError& error) {
  const std::string program = error.command().empty() ? "fstool" : "fstool " + error.command();
  print_error(error.what());
  print_diagnostic(fmt::format("Try \"{} --help\".\n", program));
  return kExitUsage;
}

void report_failure(const Error& error) {
  if (error.code() == ErrorCode::Cancelled) {
    print_diagnostic("fstool: cancelled\n");
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

static int run_program(const Arguments& arguments) {
  return run_and_report(kExitFailure, [&] { return execute(arguments); });
}

}  // namespace fstool

int main(int argc, char** argv) {
  return fstool::run_program(fstool::Arguments(argv + std::min(argc, 1), argv + argc));
}

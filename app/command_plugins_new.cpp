#include "command_plugins_new.h"

#include <fmt/format.h>

#include <filesystem>

#include "plugin_project.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "plugins new",
    .synopsis = "STAGE-NAME [DIRECTORY] [options]",
    .description =
        "Begins a plugin: writes a project into DIRECTORY, or ./STAGE-NAME, that builds against\n"
        "the installed SDK and passes its tests. STAGE is source, filesystem, derivation,\n"
        "partition-table, container or codec; NAME is what specs call the format.",
    .examples =
        "  fstool plugins new container-foo\n"
        "  fstool plugins new codec-bar ~/src/fstool-codec-bar",
};

}  // namespace

int plugins_new_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("name", po::value<std::string>(), "")("directory", po::value<std::string>(), "");
  const auto parsed = parse_arguments(kHelp, options, {"name", "directory"}, arguments);
  if (!parsed) return kExitSuccess;
  const std::string name = parsed->required("name", "STAGE-NAME");
  const NewPlugin plugin = read_argument(kHelp.name, [&] { return parse_new_plugin(name); });
  const std::filesystem::path directory = parsed->has("directory") ? parsed->text("directory") : name;
  const std::vector<ProjectFile> files = starter_project(plugin);
  write_project(files, directory);
  std::string text;
  for (const ProjectFile& file : files) text += fmt::format("{}\n", (directory / file.path).string());
  print(text +
        fmt::format("\nNow: cmake -S {0} -B {0}/build && cmake --build {0}/build && ctest --test-dir {0}/build\n",
                    directory.string()));
  return kExitSuccess;
}

}  // namespace fstool

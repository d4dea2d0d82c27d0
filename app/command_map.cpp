#include <filesystem>

#include "commands.h"
#include "disk_map.h"
#include "environment.h"
#include "html_map.h"
#include "map_json.h"
#include "reading.h"
#include "standard_output.h"
#include "svg_map.h"
#include "text_file.h"
#include "text_map.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "map",
    .synopsis = "IMAGE[:PARTITION] [options]",
    .description =
        "Shows what lies where on a disk: partitions, gaps, and of each file system metadata,\n"
        "contents and free space, with the places of its largest files.",
    .examples =
        "  fstool map disk.img\n"
        "  fstool map disk.img:root -o root.svg\n"
        "  fstool map disk.img -o disk.html\n"
        "  fstool map disk.img --json",
};

/// Of each file system, for the list of the largest.
constexpr std::size_t kLargestFiles = 10;

using Renderer = std::string (*)(const DiskMap& map);

/// What draws into a file of this name.
Renderer renderer_for(const std::filesystem::path& output) {
  if (output.extension() == ".svg") return svg_map;
  if (output.extension() == ".html") return html_map;
  throw UsageError(kHelp.name, "the output's name ends neither in .svg nor in .html");
}

void print_map(const DiskMap& map) {
  constexpr std::size_t kColumnsOfFiles = 80;
  StandardOutput output;
  TextMapStyle style;
  style.columns = output.is_terminal() ? output.columns() : kColumnsOfFiles;
  style.colours = output.is_terminal() && environment_variable("NO_COLOR").value_or("").empty() &&
                  environment_variable("TERM").value_or("dumb") != "dumb";
  style.charset = output.charset();
  output.write(text_map(map, style));
  output.flush();
}

}  // namespace

int map_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("target", po::value<std::string>(), "")(
      "output,o", po::value<std::string>()->value_name("FILE"), "Draw the map into FILE, which ends in .svg or .html")(
      "json", "The map in JSON");
  add_reading_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"target"}, arguments);
  if (!parsed) return kExitSuccess;

  const std::string name = parsed->required("target", "the image");
  const std::filesystem::path path = parsed->text("output");
  const Renderer renderer = path.empty() ? nullptr : renderer_for(path);
  Reading reading(*parsed);
  Target target = reading.open(name);
  const DiskPart* const part = target.names_partition() || target.image() == nullptr ? &target.part() : nullptr;
  const DiskMap map = map_disk(*target.image(), part, kLargestFiles, reading.context());
  if (renderer != nullptr) write_text_file(path, renderer(map));
  if (parsed->has("json")) {
    StandardOutput output;
    output.write(map_json(map));
    output.flush();
  } else if (renderer == nullptr) {
    print_map(map);
  }
  return kExitSuccess;
}

}  // namespace fstool

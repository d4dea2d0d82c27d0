#include <fmt/format.h>

#include "commands.h"
#include "reading.h"
#include "standard_output.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "cat",
    .synopsis = "[options] IMAGE[:PARTITION] PATH…",
    .description =
        "Writes the contents of files in an image to standard output, one behind the other.\n"
        "Symbolic links are followed inside the image.",
    .examples =
        "  fstool cat disk.img:2 /etc/os-release\n"
        "  fstool cat rootfs.ext4 /boot/vmlinuz > vmlinuz",
};

void cat(Target& target, const std::string& path, StandardOutput& output) {
  const LocatedNode file = target.locate(path, OpenScope::Depth::Node, LastLink::Follow);
  if (file->kind == NodeKind::Directory) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("Is a directory: {}", target_path(target, path)));
  }
  if (file->kind != NodeKind::File) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("Not a regular file: {}", target_path(target, path)));
  }
  if (!file->content) return;
  with_context([&] { return target_path(target, path); }, [&] { output.write(*file->content); });
}

}  // namespace

int cat_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("target", po::value<std::string>(), "")("path", po::value<std::vector<std::string>>(), "");
  add_reading_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"target"}, arguments, "path");
  if (!parsed) return kExitSuccess;

  const std::string name = parsed->required("target", "the image");
  const std::vector<std::string> paths = parsed->texts("path");
  if (paths.empty()) throw UsageError(kHelp.name, "the path of a file is missing");
  Reading reading(*parsed);
  Target target = reading.open(name);
  StandardOutput output;
  return for_each_path(paths, [&](const std::string& path) { cat(target, path, output); });
}

}  // namespace fstool

#include <map>
#include <string_view>

#include "build.h"
#include "commands.h"
#include "filesystem_options.h"
#include "formats.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "repack",
    .synopsis = "SOURCE… FILE [options]",
    .description =
        "Makes of directories, archives, container images and the file systems in disk images\n"
        "one file system or archive: the sources are layers, as of \"fstool create\". The ending\n"
        "of FILE chooses all that nothing else does: the file system (root.ext4, esp.vfat,\n"
        "root.tar), which is ext4 if the ending is another; the container (root.qcow2); and the\n"
        "codec (root.tar.zst). With -o FILE, all arguments are sources.\n"
        "\"fstool plugins info TYPE\" lists the options that -O takes.",
    .examples =
        "  fstool repack base.tar patch.tar disk.ext4\n"
        "  fstool repack ./rootfs disk.qcow2 --size 8GiB -O volume_label=ROOT\n"
        "  fstool repack disk.qcow2:2 root.tar.zst\n"
        "  fstool repack ./boot boot.img -t fat --size 64MiB\n"
        "  docker export box | fstool repack - root.ext4",
};

constexpr std::string_view kDefaultType = "ext4";

/// Endings that people use for a type of another name.
const std::map<std::string, std::string, std::less<>> kOtherNames = {{"vfat", "fat"}, {"msdos", "fat"}};

std::string type_for(const ParsedOptions& options, const Registry& registry) {
  if (options.has("type")) return options.text("type");
  const std::string ending = filesystem_ending(registry, options.text("output"));
  if (const auto other = kOtherNames.find(ending); other != kOtherNames.end()) return other->second;
  const auto& filesystems = registry.all<Filesystem>();
  return filesystems.contains(ending) ? ending : std::string(kDefaultType);
}

}  // namespace

int repack_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("source", po::value<std::vector<std::string>>(), "")(
      "type,t", po::value<std::string>()->value_name("TYPE"),
      "Type of file system: ext4, …; without it, by the ending of\nFILE, or else ext4");
  add_filesystem_options(options);
  add_build_options(options);
  add_record_options(options);
  auto parsed = parse_arguments(kHelp, options, {}, arguments, "source");
  if (!parsed) return kExitSuccess;

  if (!parsed->has("output")) parsed->move_last("source", "output");
  const std::vector<std::string> sources = parsed->texts("source");
  if (sources.empty()) throw UsageError(kHelp.name, "expected sources, and the file to write");
  check_build_options(*parsed);
  const Session session = open_build_session(*parsed);
  const std::string type = type_for(*parsed, session.registry);
  build(read_argument(kHelp.name, [&] { return filesystem_spec(type, sources, *parsed); }), *parsed, session);
  return kExitSuccess;
}

}  // namespace fstool

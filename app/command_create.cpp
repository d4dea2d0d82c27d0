#include "build.h"
#include "commands.h"
#include "filesystem_options.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "create",
    .synopsis = "-t TYPE SOURCE… -o FILE [options]",
    .description =
        "Makes a file system of TYPE that holds SOURCE: a directory, an archive, or the file\n"
        "system in a disk image or block device, IMAGE[@SNAPSHOT][:PARTITION]; \"-\" is standard\n"
        "input. Several are layers, from the lowest one up: directories become one, anything\n"
        "else replaces what has its name, and the whiteouts of OCI images and of overlayfs hide\n"
        "what is below.\n"
        "\"fstool plugins info TYPE\" lists the options that -O takes.",
    .examples =
        "  fstool create -t ext4 ./rootfs -o rootfs.ext4\n"
        "  fstool create -t ext4 ./rootfs -o rootfs.img --size 2GiB -O volume_label=ROOT,block_size=4096\n"
        "  fstool create -t ext4 ./rootfs -o rootfs.qcow2 -O free=20% --codec zstd,level=3\n"
        "  fstool create -t ext4 base.tar ./overlay -o rootfs.ext4\n"
        "  curl -s https://example.org/root.tar.zst | fstool create -t ext4 - -o rootfs.ext4\n"
        "  fstool create -t ext4 old.img:2 -o new.ext4",
};

}  // namespace

int create_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("source", po::value<std::vector<std::string>>(), "")(
      "type,t", po::value<std::string>()->value_name("TYPE"), "Type of file system: ext4, …");
  add_filesystem_options(options);
  add_build_options(options);
  add_record_options(options);
  const auto parsed = parse_arguments(kHelp, options, {}, arguments, "source");
  if (!parsed) return kExitSuccess;

  check_build_options(*parsed);
  const std::string type = parsed->required("type", "the type of file system (-t TYPE)");
  const std::vector<std::string> sources = parsed->texts("source");
  if (sources.empty()) throw UsageError(kHelp.name, "the source is missing");
  const Spec spec = read_argument(kHelp.name, [&] { return filesystem_spec(type, sources, *parsed); });
  const Session session = open_build_session(*parsed);
  build(spec, *parsed, session);
  return kExitSuccess;
}

}  // namespace fstool

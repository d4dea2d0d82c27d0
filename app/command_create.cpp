#include <algorithm>
#include <iterator>

#include "build.h"
#include "commands.h"
#include "fstool/options.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "create",
    .synopsis = "-t TYPE SOURCE -o FILE [options]",
    .description =
        "Makes a file system of TYPE that holds SOURCE: a directory, or the file system in\n"
        "a disk image or block device, IMAGE[@SNAPSHOT][:PARTITION].\n"
        "\"fstool plugins info TYPE\" lists the options that -O takes.",
    .examples =
        "  fstool create -t ext4 ./rootfs -o rootfs.ext4\n"
        "  fstool create -t ext4 ./rootfs -o rootfs.img --size 2GiB -O volume_label=ROOT,block_size=4096\n"
        "  fstool create -t ext4 ./rootfs -o rootfs.qcow2 -O free=20% --codec zstd,level=3\n"
        "  fstool create -t ext4 old.img:2 -o new.ext4",
};

OptionEntry text_entry(std::string key, std::string value) {
  OptionValue text;
  text.data = std::move(value);
  text.from_text = true;
  return {.key = std::move(key), .value = std::move(text), .location = nullptr};
}

/// The file system's table, as a spec would have it.
OptionTable filesystem_table(const ParsedOptions& options) {
  OptionTable table = {text_entry("type", options.required("type", "the type of file system (-t TYPE)")),
                       text_entry("source", options.required("source", "the source"))};
  if (options.has("size")) table.push_back(text_entry("size", options.text("size")));
  for (const std::string& text : options.texts("option")) {
    OptionTable more = parse_option_text(text);
    std::ranges::move(more, std::back_inserter(table));
  }
  return table;
}

/// "zstd,level=3"
FormatChoice format_choice(const std::string& text) {
  const std::size_t comma = std::min(text.find(','), text.size());
  FormatChoice choice{.type = text.substr(0, comma), .location = nullptr, .options = {}};
  if (comma < text.size()) choice.options = parse_option_text(text.substr(comma + 1));
  return choice;
}

Spec spec_of(const ParsedOptions& options) {
  Spec spec;
  spec.filesystem = read_filesystem(filesystem_table(options), "the command line", nullptr, PathBase{});
  if (options.has("container")) spec.container = format_choice(options.text("container"));
  if (options.has("codec")) spec.codec = format_choice(options.text("codec"));
  if (options.has("seed")) spec.seed = options.text("seed");
  return spec;
}

}  // namespace

int create_command(const Arguments& arguments) {
  po::options_description options;
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("source", po::value<std::string>(), "")("type,t", text("TYPE"), "Type of file system: ext4, …")(
      "option,O", po::value<std::vector<std::string>>()->value_name("KEY=VALUE[,…]"),
      "Set options of the file system (may be repeated)")("size", text("SIZE"),
                                                          "Size of the file system; without it, as small as possible")(
      "container", text("TYPE[,KEY=VALUE…]"), "Container of the image, with its options")(
      "codec", text("TYPE[,KEY=VALUE…]"), "Codec that compresses the image, with its options")(
      "seed", text("TEXT"), "Derive identifiers from TEXT instead of the source");
  add_build_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"source"}, arguments);
  if (!parsed) return kExitSuccess;

  check_build_options(*parsed);
  const Spec spec = read_argument(kHelp.name, [&] { return spec_of(*parsed); });
  const Session session = open_build_session(*parsed);
  build(spec, *parsed, session);
  return kExitSuccess;
}

}  // namespace fstool

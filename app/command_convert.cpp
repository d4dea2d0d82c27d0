#include <iterator>
#include <utility>

#include "build.h"
#include "commands.h"
#include "conversion.h"
#include "fstool/options.h"
#include "reading.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "convert",
    .synopsis = "IMAGE[@SNAPSHOT][:PARTITION] FILE [options]",
    .description =
        "Writes the disk in an image, or one partition of it, to another image. The ending of\n"
        "FILE chooses container and codec (disk.qcow2, disk.img.zst), else it is raw. \"-\" is\n"
        "standard input, and standard output.\n"
        "-O takes container=NAME, codec=NAME, and the options of both in one list;\n"
        "\"fstool plugins info NAME\" lists them.",
    .examples =
        "  fstool convert disk.img disk.qcow2 -O codec=zstd,level=9\n"
        "  fstool convert disk.qcow2 disk.img.zst\n"
        "  fstool convert disk.qcow2 larger.qcow2 --resize 20GiB\n"
        "  fstool convert changed.img layer.qcow2 --backing base.qcow2\n"
        "  curl -s https://example.org/disk.qcow2 | fstool convert - disk.img\n"
        "  fstool convert disk.qcow2:root - | ssh host 'cat > /dev/vg/root'",
};

OptionTable output_options(const ParsedOptions& options) {
  OptionTable table;
  for (const std::string& text : options.texts("option")) {
    OptionTable more = parse_option_text(text);
    table.insert(table.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  if (options.has("backing")) {
    OptionValue name;
    name.data = options.text("backing");
    name.from_text = true;
    table.push_back({.key = "backing_file", .value = std::move(name), .location = nullptr});
  }
  return table;
}

Conversion conversion_of(const ParsedOptions& options, const Registry& registry) {
  Conversion conversion;
  conversion.source = options.required("source", "the image");
  if (options.has("format")) conversion.overrides = parse_format_overrides(options.text("format"), registry);
  conversion.options = output_options(options);
  if (options.has("resize")) conversion.new_size = parse_new_size(options.text("resize"));
  return conversion;
}

}  // namespace

int convert_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("source", po::value<std::string>(), "")(
      "option,O", po::value<std::vector<std::string>>()->value_name("KEY=VALUE[,…]"),
      "Choose container and codec, and set their options (may\nbe repeated)")(
      "resize", po::value<std::string>()->value_name("[+]SIZE"),
      "Let the disk grow to SIZE, or by +SIZE, and move the\nbackup of a GPT to its new end")(
      "backing", po::value<std::string>()->value_name("FILE"),
      "Store only what differs from FILE, whose name is kept as\nit is written (-O backing_format=… says what it is)");
  add_format_option(options);
  add_build_options(options);
  add_record_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"source", "output"}, arguments);
  if (!parsed) return kExitSuccess;

  check_build_options(*parsed);
  if (parsed->has("if-changed") && parsed->text("source") == "-") {
    throw UsageError(kHelp.name, "--if-changed and standard input exclude each other");
  }
  const Session session = open_build_session(*parsed);
  Conversion conversion = read_argument(kHelp.name, [&] { return conversion_of(*parsed, session.registry); });
  const auto plan = [&](const std::filesystem::path& output, Context& context) {
    conversion.output = output;
    return plan_conversion(conversion, context);
  };
  build(plan, {}, *parsed, session);
  return kExitSuccess;
}

}  // namespace fstool

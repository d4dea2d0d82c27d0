#include <fmt/format.h>

#include <string>
#include <utility>

#include "build.h"
#include "commands.h"
#include "conversion.h"
#include "fstool/error.h"
#include "json_text.h"
#include "reading.h"
#include "settings.h"
#include "table_repair.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "repair-table",
    .synopsis = "IMAGE [options]",
    .description =
        "Mends a partition table from what is good of it: a primary GPT from its backup, a backup\n"
        "from the primary (also where the disk was made larger), the protective MBR, the signature\n"
        "of an MBR. Copies that are good, partitions and their contents are not touched.\n"
        "A raw disk is mended in place; of other images -o writes a mended copy.",
    .examples =
        "  fstool repair-table disk.img --dry-run\n"
        "  fstool repair-table disk.img\n"
        "  fstool repair-table disk.qcow2 -o mended.qcow2",
    .exit_codes = {{kExitSuccess, "the table is good, now or before"},
                   {kExitFailure, "it can't be mended"},
                   {kExitUsage, "the command line is wrong"}},
};

Json repair_json(const TableRepair& repair, bool written) {
  Json patches = Json::array();
  for (const DiskPatch& patch : repair.patches) {
    patches.push_back({{"what", patch.what}, {"offset", patch.offset}, {"size", patch.bytes.size()}});
  }
  return {{"partition_table", repair.table}, {"patches", std::move(patches)}, {"written", written}};
}

std::string describe(const TableRepair& repair, bool written) {
  if (repair.patches.empty()) return fmt::format("the {} partition table is good\n", repair.table);
  std::string text;
  for (const DiskPatch& patch : repair.patches) {
    text += fmt::format("{} {}: {} bytes at {}\n", written ? "wrote" : "would write", patch.what, patch.bytes.size(),
                        patch.offset);
  }
  return text;
}

void repair_in_place(const std::string& file, const ParsedOptions& options) {
  Reading reading(options);
  const BlobPtr disk = open_plain_disk(file, reading.overrides(), reading.context());
  const TableRepair repair = find_repair(*disk, reading.overrides(), reading.context());
  const bool writes = !options.has("dry-run") && !options.has("plan") && !repair.patches.empty();
  if (writes) write_repair(file, repair);
  if (options.has("json")) {
    print(json_text(repair_json(repair, writes)));
  } else if (!options.has("quiet")) {
    print(describe(repair, writes));
  }
}

void write_mended_copy(const std::string& file, const ParsedOptions& options) {
  const Session session = open_build_session(options);
  Conversion conversion = read_argument(kHelp.name, [&] {
    Conversion wanted;
    wanted.source = file;
    wanted.repair_table = true;
    if (options.has("format")) wanted.overrides = parse_format_overrides(options.text("format"), session.registry);
    for (const std::string& text : options.texts("option")) {
      for (OptionEntry& entry : parse_option_text(text)) wanted.options.push_back(std::move(entry));
    }
    return wanted;
  });
  build(
      [&](const std::filesystem::path& output, Context& context) {
        conversion.output = output;
        return plan_conversion(conversion, context);
      },
      {}, options, session);
}

}  // namespace

int repair_table_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("image", po::value<std::string>(), "")(
      "dry-run,n", "Say what would be written to a raw disk, and write nothing")(
      "option,O", po::value<std::vector<std::string>>()->value_name("KEY=VALUE[,…]"),
      "Choose container and codec of the copy, and set their\noptions (may be repeated)");
  add_format_option(options);
  add_build_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"image"}, arguments);
  if (!parsed) return kExitSuccess;
  const std::string image = parsed->required("image", "the image");
  if (!parsed->has("output")) {
    for (const char* const of_copy : {"option", "no-sync"}) {
      if (parsed->has(of_copy)) {
        throw UsageError(kHelp.name, fmt::format("--{} is for a mended copy: say where it goes (-o FILE)", of_copy));
      }
    }
    repair_in_place(image, *parsed);
    return kExitSuccess;
  }
  if (parsed->has("dry-run")) throw UsageError(kHelp.name, "--dry-run and -o exclude each other");
  check_build_options(*parsed);
  write_mended_copy(image, *parsed);
  return kExitSuccess;
}

}  // namespace fstool

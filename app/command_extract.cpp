#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <utility>

#include "base64.h"
#include "commands.h"
#include "escape.h"
#include "extractor/extractor.h"
#include "extractor/planned_tree.h"
#include "formats.h"
#include "fstool/size.h"
#include "json_text.h"
#include "manifest.h"
#include "pipeline.h"
#include "reading.h"
#include "report_json.h"
#include "settings.h"
#include "signals.h"
#include "standard_output.h"
#include "text_file.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "extract",
    .synopsis = "IMAGE[:PARTITION] [PATH…] (-C DIR | -o ARCHIVE) [options]",
    .description =
        "Writes the files of an image, or those at PATH and below, into the directory DIR,\n"
        "which is made if it does not exist, or into an archive, whose name chooses its kind:\n"
        ".tar, .tar.gz, .tar.zst, .tar.xz or .tar.lz4. IMAGE may also be a directory or an archive.\n"
        "\n"
        "Nothing is written outside DIR, whatever the names and links in IMAGE and DIR are.\n"
        "Directories that exist are used; anything else that exists is refused, or with\n"
        "--force replaced when the new file is complete. Without root, owners are those of\n"
        "the user, set-ID bits are dropped, and devices are left out, with a warning; a\n"
        "manifest keeps what they were.",
    .examples =
        "  fstool extract disk.img:2 -C ./rootfs\n"
        "  fstool extract rootfs.ext4 /etc /usr/lib/os-release -C .\n"
        "  fstool extract disk.qcow2:root -o rootfs.tar.zst",
};

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void check_options(const ParsedOptions& options) {
  options.required("image", "the image");
  const bool to_directory = options.has("directory");
  if (to_directory == options.has("output")) {
    throw UsageError(
        kHelp.name, to_directory ? "-C and -o can't be given both" : "where to write is missing: -C DIR or -o ARCHIVE");
  }
}

/// What to extract, and of which tree.
struct Selection {
  std::shared_ptr<const Tree> tree;
  ExtractionPlan plan;
};

Selection select(Target& target, const std::vector<std::string>& paths) {
  Selection selection;
  std::vector<std::string> located;
  // Of one path, no more is opened than lies there; several are looked up in the whole.
  if (paths.size() != 1) selection.tree = target.tree();
  for (const std::string& path : paths) {
    const LocatedNode node = target.locate(path, OpenScope::Depth::Everything, LastLink::Keep);
    located.push_back(node.path);
    selection.tree = node.tree;
  }
  selection.plan = plan_extraction(*selection.tree, located);
  return selection;
}

/// What is to be written and nothing else.
std::shared_ptr<const Tree> selected_tree(const Selection& selection) {
  const bool is_whole = selection.plan.directories.front().wanted;
  return is_whole ? selection.tree : std::make_shared<const Tree>(planned_tree(*selection.tree, selection.plan));
}

void write_manifest(const Selection& selection, const std::string& path, Context& context) {
  const std::shared_ptr<const Tree> tree = selected_tree(selection);
  std::string text(kManifestHeader);
  list_manifest(*tree, Tree::kRoot, context, [&](const ManifestEntry& entry) { text += manifest_lines(*tree, entry); });
  write_text_file(path, text);
}

/// One path a line, in the order of their byte values; a directory ends with "/".
void print_plan(const ExtractionPlan& plan, bool is_json) {
  std::vector<std::string> paths;
  for (std::uint32_t index = 1; index < plan.directories.size(); ++index) paths.push_back(plan.path(index) + "/");
  for (const PlannedName& name : plan.files) paths.push_back(plan.path(name));
  for (const PlannedName& name : plan.others) paths.push_back(plan.path(name));
  for (const PlannedLink& link : plan.links) paths.push_back(plan.path(link.name));
  std::ranges::sort(paths);
  if (is_json) {
    Json json = {{"paths", Json::array()}};
    const bool has_bytes = !std::ranges::all_of(paths, is_utf8);
    for (const std::string& path : paths) {
      json["paths"].push_back(path.substr(1));
      if (has_bytes) json["paths_base64"].push_back(base64(path.substr(1)));
    }
    return print(json_text(json));
  }
  StandardOutput output;
  for (const std::string& path : paths) output.write(output.shown(std::string_view(path).substr(1)) + "\n");
  output.flush();
}

Json extraction_json(const std::string& directory, const ExtractionReport& report, double seconds) {
  return {{"directory", directory}, {"directories", report.directories}, {"files", report.files},
          {"links", report.links},  {"others", report.others},           {"bytes", report.bytes},
          {"seconds", seconds}};
}

void extract_to_directory(const Selection& selection, const ParsedOptions& options, Context& context) {
  const Clock::time_point start = Clock::now();
  const std::string directory = options.text("directory");
  const ExtractionReport report =
      extract(*selection.tree, selection.plan, directory, {.replace = options.has("force")}, context);
  if (options.has("json")) return print(json_text(extraction_json(directory, report, seconds_since(start))));
  if (options.has("quiet")) return;
  print(fmt::format("{}: {} files and {} directories, {}; {:.1f} s\n", directory,
                    report.files + report.links + report.others, report.directories, format_size(report.bytes),
                    seconds_since(start)));
}

void write_archive(const Selection& selection, const OutputFormats& formats, const ParsedOptions& options,
                   Context& context) {
  const Clock::time_point start = Clock::now();
  const Registry& registry = context.registry();
  const std::shared_ptr<const Tree> tree = selected_tree(selection);
  FormattedVolume volume =
      registry.get<Filesystem>(formats.filesystem).create({})->format(tree, {.size = {}, .seed = Seed("")}, context);

  Plan plan;
  plan.disk = std::move(volume.image);
  plan.container = registry.get<Container>(formats.container).create({});
  if (!formats.codec.empty()) plan.codec = registry.get<Codec>(formats.codec).create({});
  plan.report.container = formats.container;
  plan.report.codec = formats.codec;
  plan.report.virtual_size = plan.disk->size();
  plan.report.volume = VolumeReport{.source = options.text("image"), .facts = std::move(volume.facts)};
  plan.seconds = seconds_since(start);
  const Report report = write_plan(plan, options.text("output"), {.force = options.has("force")}, context);
  if (options.has("json")) {
    print(report_json(report));
  } else if (!options.has("quiet")) {
    print(summary_line(report) + "\n");
  }
}

/// Throws UsageError if the output is no archive.
OutputFormats archive_formats(const ParsedOptions& options, const Registry& registry) {
  OutputFormats formats = formats_for(registry, options.text("output"));
  if (!formats.filesystem.empty()) return formats;
  throw UsageError(kHelp.name,
                   fmt::format("-o {}: the ending says which archive it will be: .tar, .tar.gz, .tar.zst, .tar.xz or "
                               ".tar.lz4",
                               options.text("output")));
}

}  // namespace

int extract_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("image", po::value<std::string>(), "")("path", po::value<std::vector<std::string>>(), "")(
      "directory,C", po::value<std::string>()->value_name("DIR"), "Write into DIR")(
      "output,o", po::value<std::string>()->value_name("ARCHIVE"), "Write an archive")("force,f",
                                                                                       "Replace files that exist")(
      "manifest", po::value<std::string>()->value_name("FILE"),
      "Write owners, modes and all else of what was extracted into\nFILE, as \"fstool manifest\" prints it")(
      "dry-run", "List what would be written, and write nothing")("json", "Report in JSON");
  add_threads_option(options);
  add_verbose_option(options);
  add_reading_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"image"}, arguments, "path");
  if (!parsed) return kExitSuccess;

  check_options(*parsed);
  Context::Settings settings = context_settings(*parsed);
  settings.cancelled = &handle_signals();
  Reading reading(*parsed, std::move(settings));
  std::optional<OutputFormats> formats;
  if (parsed->has("output")) formats = archive_formats(*parsed, reading.session().registry);

  Target target = reading.open(parsed->text("image"));
  const Selection selection = select(target, parsed->texts("path"));
  if (parsed->has("dry-run")) {
    print_plan(selection.plan, parsed->has("json"));
    return kExitSuccess;
  }
  if (formats) {
    write_archive(selection, *formats, *parsed, reading.context());
  } else {
    extract_to_directory(selection, *parsed, reading.context());
  }
  if (parsed->has("manifest")) write_manifest(selection, parsed->text("manifest"), reading.context());
  return kExitSuccess;
}

}  // namespace fstool

#include <fmt/format.h>

#include <utility>

#include "commands.h"
#include "fstool/error.h"
#include "image_check.h"
#include "image_reference.h"
#include "json_text.h"
#include "reading.h"
#include "settings.h"
#include "signals.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "check",
    .synopsis = "IMAGE[:PARTITION] [options]",
    .description =
        "Looks for damage in all layers of an image: compressed stream, container, partition\n"
        "table and file systems, or the one that PARTITION (number, name or label) means. The image is not\n"
        "changed.",
    .examples =
        "  fstool check disk.qcow2\n"
        "  fstool check disk.img:root --json",
    .exit_codes = {{kExitSuccess, "nothing is wrong"},
                   {kExitFailure, "something is, or the image can't be read"},
                   {kExitUsage, "the command line is wrong"}},
};

std::string_view layer_name(ImageLayer layer) {
  switch (layer) {
    case ImageLayer::Stream:
      return "stream";
    case ImageLayer::Container:
      return "container";
    case ImageLayer::PartitionTable:
      return "partition_table";
    case ImageLayer::Filesystem:
      return "filesystem";
  }
  return "";
}

Json partition_json(const std::optional<Partition>& partition) {
  if (!partition) return nullptr;
  return {{"number", partition->number}, {"name", text_or_null(partition->name)}};
}

Json layer_json(const LayerReport& layer) {
  Json findings = Json::array();
  for (const Finding& finding : layer.findings) {
    findings.push_back(
        {{"severity", finding.severity == Severity::Damage ? "damage" : "warning"}, {"message", finding.message}});
  }
  return {{"layer", layer_name(layer.layer)},
          {"format", text_or_null(layer.format)},
          {"partition", partition_json(layer.partition)},
          {"clean", layer.clean()},
          {"damage", layer.damage},
          {"warnings", layer.warnings},
          {"findings", std::move(findings)}};
}

Json check_json(const CheckReport& report) {
  Json layers = Json::array();
  for (const LayerReport& layer : report.layers) layers.push_back(layer_json(layer));
  return {{"image", report.name}, {"clean", report.clean()}, {"layers", std::move(layers)}};
}

CheckReport check(const std::string& text, const ParsedOptions& options) {
  // The progress line is gone when this returns.
  const Reading reading(options);
  const auto reference = find_image_reference(text);
  if (!reference) throw Error(ErrorCode::NotFound, fmt::format("{} does not exist", text));
  Context::Settings settings = context_settings(options);
  settings.cancelled = &handle_signals();
  return check_image(*reference, reading.overrides(), reading.session().registry, std::move(settings));
}

}  // namespace

int check_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("image", po::value<std::string>(), "")("json", "Report in JSON")(
      "quiet,q", "Print nothing; the exit code says it");
  add_format_option(options);
  add_threads_option(options);
  add_progress_options(options);
  add_verbose_option(options);
  const auto parsed = parse_arguments(kHelp, options, {"image"}, arguments);
  if (!parsed) return kExitSuccess;
  const CheckReport report = check(parsed->required("image", "the image"), *parsed);
  if (parsed->has("json")) {
    print(json_text(check_json(report)));
  } else if (!parsed->has("quiet")) {
    print(describe_check(report));
  }
  return report.clean() ? kExitSuccess : kExitFailure;
}

}  // namespace fstool

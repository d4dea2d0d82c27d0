#include "commands.h"
#include "manifest.h"
#include "node_json.h"
#include "reading.h"
#include "settings.h"
#include "standard_output.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "manifest",
    .synopsis = "[options] IMAGE[:PARTITION] [PATH]",
    .description =
        "Writes a line for each file in an image: type, mode, owners, size, time, SHA-256, link\n"
        "target, device and number of links, in the format of mtree(5), with extended attributes\n"
        "as comments.\n"
        "Trees with equal files have equal manifests, whatever they are stored in.",
    .examples =
        "  fstool manifest disk.img:2 > before.mtree\n"
        "  fstool manifest ./rootfs | diff before.mtree -",
};

std::string entry_path(const ManifestEntry& entry) { return entry.path.empty() ? "." : "./" + std::string(entry.path); }

}  // namespace

int manifest_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("target", po::value<std::string>(), "")("path", po::value<std::string>(), "")(
      "json", "All that is known, in JSON");
  add_reading_options(options);
  add_threads_option(options);
  const auto parsed = parse_arguments(kHelp, options, {"target", "path"}, arguments);
  if (!parsed) return kExitSuccess;

  const std::string name = parsed->required("target", "the image");
  Reading reading(*parsed);
  Target target = reading.open(name);
  const LocatedNode start = target.locate(parsed->text("path"), OpenScope::Depth::Everything, LastLink::Follow);
  StandardOutput output;
  const auto list = [&](const std::function<void(const ManifestEntry&)>& sink) {
    with_context([&]() -> const std::string& { return name; },
                 [&] { list_manifest(*start.tree, start.node, reading.context(), sink); });
  };
  if (parsed->has("json")) {
    const Owners owners = read_owners(target);
    Json entries = Json::array();
    list([&](const ManifestEntry& entry) {
      Json json = node_json(*start.tree, entry.node, entry_path(entry), owners);
      json["sha256"] = text_or_null(std::string(entry.sha256));
      entries.push_back(std::move(json));
    });
    output.write(json_text({{"target", name}, {"entries", std::move(entries)}}));
  } else {
    output.write(kManifestHeader);
    list([&](const ManifestEntry& entry) { output.write(manifest_lines(*start.tree, entry)); });
  }
  output.flush();
  return kExitSuccess;
}

}  // namespace fstool

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "command_plugins_new.h"
#include "commands.h"
#include "json_text.h"
#include "session.h"
#include "spec.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kListHelp = {
    .name = "plugins list",
    .synopsis = "[options]",
    .description = "Lists the plugins that were found, what they offer, and why some are not used.",
    .examples =
        "  fstool plugins list\n"
        "  fstool plugins list --json",
};

const CommandHelp kInfoHelp = {
    .name = "plugins info",
    .synopsis = "NAME [options]",
    .description = "Describes the plugin or the format NAME, with all options, their types and defaults.",
    .examples =
        "  fstool plugins info ext4\n"
        "  fstool plugins info qcow2 --json",
};

/// A format without its interface.
struct FormatEntry {
  Stage stage = Stage::Source;
  const FormatInfo* info = nullptr;
};

template <class Interface>
void append_formats(const Registry& registry, std::vector<FormatEntry>& entries) {
  for (const auto& [name, format] : registry.all<Interface>()) entries.push_back({kStageOf<Interface>, &format.info});
}

std::vector<FormatEntry> all_formats(const Registry& registry) {
  std::vector<FormatEntry> entries;
  append_formats<Source>(registry, entries);
  append_formats<Filesystem>(registry, entries);
  append_formats<Derivation>(registry, entries);
  append_formats<PartitionTable>(registry, entries);
  append_formats<Container>(registry, entries);
  append_formats<Codec>(registry, entries);
  return entries;
}

std::string formats_text(const std::vector<PluginFormat>& formats) {
  std::string text;
  for (const PluginFormat& format : formats) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", stage_name(format.stage), format.name);
  }
  return text;
}

std::string list_text(const Session& session) {
  std::string text;
  for (const PluginRecord& plugin : session.plugins) {
    const std::string name = plugin.name.empty() ? plugin.path.filename().string() : plugin.name;
    if (plugin.status == PluginStatus::Loaded) {
      text += fmt::format("{:<16} {:<8} {}\n", name, plugin.version, formats_text(plugin.formats));
      if (!plugin.overridden.empty()) {
        text += fmt::format("{:<16} overridden: {}\n", "", formats_text(plugin.overridden));
      }
    } else {
      text += fmt::format("{:<16} {}: {}\n", name, plugin_status_name(plugin.status), plugin.path.string());
      text += fmt::format("{:<16} {}\n", "", plugin.reason);
    }
  }
  if (!text.empty()) return text;
  text = "no plugins found; looked in\n";
  for (const auto& directory : session.registry.search_path()) text += fmt::format("  {}\n", directory.string());
  return text;
}

Json formats_json(const std::vector<PluginFormat>& formats) {
  Json all = Json::array();
  for (const PluginFormat& format : formats) {
    all.push_back({{"stage", stage_name(format.stage)}, {"name", format.name}});
  }
  return all;
}

Json plugin_json(const PluginRecord& plugin) {
  return {{"name", text_or_null(plugin.name)},
          {"path", plugin.path.string()},
          {"status", plugin_status_name(plugin.status)},
          {"reason", text_or_null(plugin.reason)},
          {"version", text_or_null(plugin.version)},
          {"license", text_or_null(plugin.license)},
          {"summary", text_or_null(plugin.summary)},
          {"formats", formats_json(plugin.formats)},
          {"overridden", formats_json(plugin.overridden)}};
}

Json list_json(const Session& session) {
  Json search_path = Json::array();
  for (const auto& directory : session.registry.search_path()) search_path.push_back(directory.string());
  Json plugins = Json::array();
  for (const PluginRecord& plugin : session.plugins) plugins.push_back(plugin_json(plugin));
  return {{"search_path", std::move(search_path)}, {"plugins", std::move(plugins)}};
}

/// "integer, 1 to 22, default 3"
std::string constraint_text(const OptionInfo& option) {
  std::string text = option.type;
  if (!option.choices.empty()) {
    text += fmt::format(": {}", fmt::join(option.choices, ", "));
  } else if (option.type == "string" && option.maximum) {
    text += fmt::format(", at most {} bytes", *option.maximum);
  } else if (option.minimum && option.maximum && *option.minimum != std::numeric_limits<std::int64_t>::min()) {
    text += fmt::format(", {} to {}", *option.minimum, *option.maximum);
  }
  if (!option.default_text.empty()) text += fmt::format("; default {}", option.default_text);
  return text;
}

std::string options_text(const std::vector<OptionInfo>& options) {
  std::string text;
  for (const OptionInfo& option : options) {
    text += fmt::format("  {} ({})\n      {}\n", option.name, constraint_text(option), option.summary);
  }
  return text;
}

std::string format_text(const FormatEntry& format) {
  std::string text = fmt::format("{} {}: {}\n", stage_name(format.stage), format.info->name, format.info->summary);
  if (!format.info->extensions.empty()) {
    text += fmt::format("  chosen by the ending{} .{}\n", format.info->extensions.size() == 1 ? "" : "s",
                        fmt::join(format.info->extensions, ", ."));
  }
  text += options_text(format.info->options);
  if (format.stage == Stage::Filesystem) {
    text += "  and, as for every file system:\n" + options_text(generic_filesystem_options());
  }
  if (!format.info->partition_options.empty()) {
    text += "  of each partition:\n" + options_text(format.info->partition_options);
  }
  return text;
}

Json option_json(const OptionInfo& option) {
  return {{"name", option.name},
          {"type", option.type},
          {"summary", option.summary},
          {"default", text_or_null(option.default_text)},
          {"choices", option.choices},
          {"minimum", option.minimum ? Json(*option.minimum) : Json(nullptr)},
          {"maximum", option.maximum ? Json(*option.maximum) : Json(nullptr)}};
}

Json options_json(const std::vector<OptionInfo>& options) {
  Json all = Json::array();
  for (const OptionInfo& option : options) all.push_back(option_json(option));
  return all;
}

Json format_json(const FormatEntry& format) {
  std::vector<OptionInfo> options = format.info->options;
  if (format.stage == Stage::Filesystem) {
    const std::vector<OptionInfo>& generic = generic_filesystem_options();
    options.insert(options.end(), generic.begin(), generic.end());
  }
  return {{"stage", stage_name(format.stage)},
          {"name", format.info->name},
          {"plugin", format.info->plugin},
          {"summary", format.info->summary},
          {"extensions", format.info->extensions},
          {"options", options_json(options)},
          {"partition_options", options_json(format.info->partition_options)}};
}

/// What NAME stands for: a plugin with its formats, or the formats of that name.
struct Described {
  std::vector<const PluginRecord*> plugins;
  std::vector<FormatEntry> formats;
};

Described find_described(const Session& session, const std::string& name) {
  Described described;
  std::vector<std::string> known;
  for (const PluginRecord& plugin : session.plugins) {
    if (!plugin.name.empty()) known.push_back(plugin.name);
    if (plugin.name == name) described.plugins.push_back(&plugin);
  }
  for (const FormatEntry& format : all_formats(session.registry)) {
    known.push_back(format.info->name);
    if (format.info->name == name || format.info->plugin == name) described.formats.push_back(format);
  }
  if (described.plugins.empty() && described.formats.empty()) {
    throw Error(ErrorCode::NotFound,
                fmt::format("there is no plugin or format \"{}\"{}", name, did_you_mean(name, known)));
  }
  return described;
}

std::string described_text(const Described& described) {
  std::string text;
  for (const PluginRecord* plugin : described.plugins) {
    text += fmt::format("plugin {} {} ({}): {}\n  {}: {}\n", plugin->name, plugin->version, plugin->license,
                        plugin->summary, plugin_status_name(plugin->status), plugin->path.string());
    if (!plugin->reason.empty()) text += fmt::format("  {}\n", plugin->reason);
  }
  for (const FormatEntry& format : described.formats) text += (text.empty() ? "" : "\n") + format_text(format);
  return text;
}

Json described_json(const Described& described) {
  Json plugins = Json::array();
  for (const PluginRecord* plugin : described.plugins) plugins.push_back(plugin_json(*plugin));
  Json formats = Json::array();
  for (const FormatEntry& format : described.formats) formats.push_back(format_json(format));
  return {{"plugins", std::move(plugins)}, {"formats", std::move(formats)}};
}

int list_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("json", "Report in JSON");
  const auto parsed = parse_arguments(kListHelp, options, {}, arguments);
  if (!parsed) return kExitSuccess;
  const Session session = open_session(*parsed);
  print(parsed->has("json") ? json_text(list_json(session)) : list_text(session));
  return kExitSuccess;
}

int describe_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("name", po::value<std::string>(), "")("json", "Report in JSON");
  const auto parsed = parse_arguments(kInfoHelp, options, {"name"}, arguments);
  if (!parsed) return kExitSuccess;
  const std::string name = parsed->required("name", "the name of a plugin or format");
  const Session session = open_session(*parsed);
  const Described described = find_described(session, name);
  print(parsed->has("json") ? json_text(described_json(described)) : described_text(described));
  return kExitSuccess;
}

}  // namespace

int plugins_command(const Arguments& arguments) {
  // Options in front of the subcommand are passed on.
  auto subcommand = arguments.begin();
  while (subcommand != arguments.end() && subcommand->starts_with('-')) {
    const bool takes_value = takes_next_argument(*subcommand);
    ++subcommand;
    if (takes_value && subcommand != arguments.end()) ++subcommand;
  }
  const bool help = std::ranges::find_if(arguments.begin(), subcommand, [](const std::string& argument) {
                      return argument == "--help" || argument == "-h";
                    }) != subcommand;
  if (help) {
    print(
        "Usage: fstool plugins list [options]\n"
        "       fstool plugins info NAME [options]\n"
        "       fstool plugins new STAGE-NAME [DIRECTORY] [options]\n"
        "       fstool plugins test NAME|FILE.so... [options]\n"
        "\n"
        "Lists the plugins, describes one of them or one of their formats, begins a new one, or tries\n"
        "out what they promise. \"fstool plugins list --help\" and the like say more.\n");
    return kExitSuccess;
  }
  if (subcommand == arguments.end()) {
    throw UsageError("plugins", "\"list\", \"info\", \"new\" or \"test\" is missing");
  }
  Arguments rest(arguments.begin(), subcommand);
  rest.insert(rest.end(), std::next(subcommand), arguments.end());
  if (*subcommand == "list") return list_command(rest);
  if (*subcommand == "info") return describe_command(rest);
  if (*subcommand == "new") return plugins_new_command(rest);
  if (*subcommand == "test") return plugins_test_command(rest);
  throw UsageError("plugins", fmt::format("unknown subcommand \"{}\"{}", *subcommand,
                                          did_you_mean(*subcommand, {"list", "info", "new", "test"})));
}

}  // namespace fstool

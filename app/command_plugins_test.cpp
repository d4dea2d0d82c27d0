#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "commands.h"
#include "conformance/conformance.h"
#include "json_text.h"
#include "session.h"
#include "settings.h"
#include "signals.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

namespace fs = std::filesystem;

const CommandHelp kHelp = {
    .name = "plugins test",
    .synopsis = "PLUGIN|FORMAT|FILE.so|DIRECTORY... [options]",
    .description =
        "Tries out what a plugin's formats promise: round trips, holes, every option, equal bytes with any\n"
        "number of threads, and damaged input, which must be refused and never crash. Works with any plugin,\n"
        "by its name, its file or its directory, or with one format.",
    .examples =
        "  fstool plugins test qcow2\n"
        "  fstool plugins test ./build/container-foo.so --thorough\n"
        "  fstool plugins test codec-zstd codec-lz4 --json",
    .exit_codes = {{kExitSuccess, "all checks passed or did not apply"},
                   {kExitFailure, "one failed, or there is nothing to test"},
                   {kExitUsage, "the command line is wrong"}},
};

/// What is to be tested: a plugin, or those of its formats that are called so.
struct Subject {
  const PluginRecord* plugin = nullptr;
  std::string format;  ///< empty: all
};

bool is_path(const std::string& text) {
  return text.find('/') != std::string::npos || text.ends_with(".so") || text == "." || text == "..";
}

/// The directory in which a plugin that is named by its path is looked for.
fs::path plugin_directory(const std::string& text) {
  const fs::path path = fs::absolute(text).lexically_normal();
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) throw Error(ErrorCode::NotFound, fmt::format("{} does not exist", text));
  return fs::is_directory(status) ? path : path.parent_path();
}

/// --plugin-dir and the places of the plugins that are named by their paths, which come first.
std::vector<std::string> plugin_directories(const std::vector<std::string>& targets, const ParsedOptions& options) {
  std::vector<std::string> directories;
  for (const std::string& target : targets) {
    if (is_path(target)) directories.push_back(plugin_directory(target).string());
  }
  for (std::string& directory : options.texts("plugin-dir")) directories.push_back(std::move(directory));
  return directories;
}

/// The plugin in the file, or those in the directory.
std::vector<Subject> subjects_at(const Session& session, const std::string& path) {
  std::vector<Subject> subjects;
  for (const PluginRecord& plugin : session.plugins) {
    std::error_code error;
    const bool is_it = fs::equivalent(plugin.path, path, error) ||
                       (plugin.path.extension() == ".so" && fs::equivalent(plugin.path.parent_path(), path, error));
    if (is_it) subjects.push_back({&plugin, ""});
  }
  if (subjects.empty()) throw Error(ErrorCode::NotFound, fmt::format("{}: there is no plugin", path));
  return subjects;
}

std::vector<Subject> subjects_called(const Session& session, const std::string& name) {
  std::vector<Subject> subjects;
  std::vector<std::string> known;
  for (const PluginRecord& plugin : session.plugins) {
    known.push_back(plugin.name);
    if (plugin.name == name && plugin.status != PluginStatus::Shadowed) subjects.push_back({&plugin, ""});
  }
  if (!subjects.empty()) return subjects;
  for (const PluginRecord& plugin : session.plugins) {
    std::ranges::transform(plugin.formats, std::back_inserter(known), &PluginFormat::name);
    if (std::ranges::count(plugin.formats, name, &PluginFormat::name) > 0) subjects.push_back({&plugin, name});
  }
  if (!subjects.empty()) return subjects;
  throw Error(ErrorCode::NotFound,
              fmt::format("there is no plugin or format \"{}\"{}", name, did_you_mean(name, known)));
}

std::vector<Subject> find_subjects(const Session& session, const std::vector<std::string>& targets) {
  std::vector<Subject> subjects;
  for (const std::string& target : targets) {
    const auto found = is_path(target) ? subjects_at(session, target) : subjects_called(session, target);
    subjects.insert(subjects.end(), found.begin(), found.end());
  }
  return subjects;
}

Json checks_json(const std::vector<conformance::CheckResult>& checks) {
  Json all = Json::array();
  for (const conformance::CheckResult& check : checks) {
    all.push_back({{"name", check.name},
                   {"verdict", conformance::verdict_name(check.verdict)},
                   {"findings", check.findings},
                   {"more_findings", check.more_findings},
                   {"notes", check.notes}});
  }
  return all;
}

Json result_json(const conformance::PluginResult& result) {
  Json formats = Json::array();
  for (const conformance::FormatResult& format : result.formats) {
    formats.push_back({{"stage", stage_name(format.stage)},
                       {"name", format.name},
                       {"passed", format.passed()},
                       {"checks", checks_json(format.checks)}});
  }
  return {{"name", result.name},
          {"path", result.path.string()},
          {"passed", result.passed()},
          {"checks", checks_json(result.checks)},
          {"formats", std::move(formats)}};
}

conformance::Settings settings_of(const ParsedOptions& options) {
  conformance::Settings settings;
  settings.thorough = options.has("thorough");
  settings.cancelled = &handle_signals();
  if (const unsigned threads = thread_count(options); threads > 0) settings.threads = threads;
  return settings;
}

}  // namespace

int plugins_test_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("target", po::value<std::vector<std::string>>(), "")("json", "Report in JSON")(
      "thorough", "Try many more samples and damaged images");
  add_threads_option(options);
  const auto parsed = parse_arguments(kHelp, options, {}, arguments, "target");
  if (!parsed) return kExitSuccess;
  const std::vector<std::string> targets = parsed->texts("target");
  if (targets.empty()) throw UsageError(kHelp.name, "the plugin or format to test is missing");
  const conformance::Settings settings = settings_of(*parsed);
  const Session session = open_session(plugin_directories(targets, *parsed), *parsed);

  bool passed = true;
  Json plugins = Json::array();
  for (const Subject& subject : find_subjects(session, targets)) {
    const auto result = conformance::test_plugin(*subject.plugin, subject.format, session.registry, settings);
    passed = passed && result.passed();
    if (parsed->has("json")) {
      plugins.push_back(result_json(result));
    } else {
      print(conformance::describe(result));
    }
  }
  if (parsed->has("json")) print(json_text({{"passed", passed}, {"plugins", std::move(plugins)}}));
  return passed ? kExitSuccess : kExitFailure;
}

}  // namespace fstool

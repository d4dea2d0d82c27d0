#include "session.h"

#include <fmt/format.h>

#include "diagnostics.h"
#include "environment.h"

namespace fstool {

Session open_session(const ParsedOptions& options) { return open_session(options.texts("plugin-dir"), options); }

Session open_session(const std::vector<std::string>& plugin_directories, const ParsedOptions& options) {
  const std::optional<std::string> path = environment_variable("FSTOOL_PLUGIN_PATH");
  const std::filesystem::path executable = this_executable();
  const PluginLoading how = {.preferred = options.texts("plugin"), .trusted = installed_plugin_directories(executable)};
  Session session;
  session.plugins = load_plugins(plugin_search_path({plugin_directories.begin(), plugin_directories.end()},
                                                    path ? path->c_str() : nullptr, executable),
                                 session.registry, how);
  return session;
}

void tell_about_plugins(const Session& session, LogLevel level) {
  for (const PluginRecord& plugin : session.plugins) {
    const std::string path = plugin.path.string();
    if (plugin.status == PluginStatus::Refused && level >= LogLevel::Warning) {
      print_warning(fmt::format("the plugin {} is not used: {}", path, plugin.reason));
    } else if (plugin.status == PluginStatus::Loaded && level >= LogLevel::Debug) {
      print_message(LogLevel::Debug, fmt::format("the plugin {} {} is {}", plugin.name, plugin.version, path));
    }
  }
}

}  // namespace fstool

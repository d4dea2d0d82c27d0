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

void warn_about_refused_plugins(const Session& session) {
  for (const PluginRecord& plugin : session.plugins) {
    if (plugin.status != PluginStatus::Refused) continue;
    print_warning(fmt::format("the plugin {} is not used: {}", plugin.path.string(), plugin.reason));
  }
}

}  // namespace fstool

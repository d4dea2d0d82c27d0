#include "session.h"

#include <fmt/format.h>

#include "diagnostics.h"
#include "environment.h"

namespace fstool {

Session open_session(const std::vector<std::string>& plugin_directories) {
  const std::vector<std::filesystem::path> directories(plugin_directories.begin(), plugin_directories.end());
  const std::optional<std::string> path = environment_variable("FSTOOL_PLUGIN_PATH");
  Session session;
  session.plugins = load_plugins(plugin_search_path(directories, path ? path->c_str() : nullptr, this_executable()),
                                 session.registry);
  return session;
}

void warn_about_refused_plugins(const Session& session) {
  for (const PluginRecord& plugin : session.plugins) {
    if (plugin.status != PluginStatus::Refused) continue;
    print_warning(fmt::format("the plugin {} is not used: {}", plugin.path.string(), plugin.reason));
  }
}

}  // namespace fstool

/// \file
/// Session: the plugins of one run of the program.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fstool/registry.h"
#include "log_level.h"
#include "plugin_host.h"

namespace fstool {

struct Session {
  Registry registry;
  std::vector<PluginRecord> plugins;
};

/// Loads the plugins from `plugin_directories` (--plugin-dir), $FSTOOL_PLUGIN_PATH and the installation.
Session open_session(const std::vector<std::string>& plugin_directories);

/// Says on standard error which plugins can't be used and, at the level Debug, which are.
void tell_about_plugins(const Session& session, LogLevel level);

}  // namespace fstool

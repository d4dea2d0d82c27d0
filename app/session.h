/// \file
/// Session: the plugins of one run of the program.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "command_line.h"
#include "fstool/registry.h"
#include "plugin_host.h"

namespace fstool {

struct Session {
  Registry registry;
  std::vector<PluginRecord> plugins;
};

/// Loads the plugins from the directories of --plugin-dir, of $FSTOOL_PLUGIN_PATH and of the installation; where
/// several offer the same, those that --plugin names come first.
Session open_session(const ParsedOptions& options);

/// The same with directories in place of those of --plugin-dir.
Session open_session(const std::vector<std::string>& plugin_directories, const ParsedOptions& options);

/// Says on standard error which plugins can't be used.
void warn_about_refused_plugins(const Session& session);

}  // namespace fstool

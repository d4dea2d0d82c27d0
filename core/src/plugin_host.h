/// \file
/// The plugin host: finds plugins, checks that they can be used, and adds their formats to a registry.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fstool/registry.h"

namespace fstool {

enum class PluginStatus {
  Loaded,
  Shadowed,  ///< a plugin of the same name was loaded from an earlier directory
  Refused,
};

/// "loaded", "shadowed", "refused".
std::string_view plugin_status_name(PluginStatus status);

struct PluginFormat {
  Stage stage = Stage::Source;
  std::string name;
};

/// One plugin that was found, or one place that can't be searched.
struct PluginRecord {
  std::filesystem::path path;
  PluginStatus status = PluginStatus::Refused;
  std::string reason;  ///< one line; empty if loaded
  // From the plugin's descriptor; empty if it could not be read.
  std::string name;
  std::string version;
  std::string license;
  std::string summary;
  std::vector<PluginFormat> formats;  ///< by stage, then name; loaded plugins only
};

/// Where plugins are looked for, in this order: `explicit_directories` (--plugin-dir), which have to exist; the entries
/// of `environment` ($FSTOOL_PLUGIN_PATH, separated by colons, empty ones ignored; null: not set); and the directories
/// that belong to the installation of `executable`. Throws Error(NotFound).
std::vector<std::filesystem::path> plugin_search_path(const std::vector<std::filesystem::path>& explicit_directories,
                                                      const char* environment, const std::filesystem::path& executable);

/// Loads every `*.so` of `directories`, in the order of their names, into `registry`. Directories that don't exist are
/// passed over. A directory with a relative path, and files and directories that anybody may write to, are refused;
/// so is a plugin whose descriptor says that it was not built for this host, or that throws, or that offers a format
/// which is there already. None of these stops the others. What is loaded stays loaded until the process ends, because
/// objects made by plugins have their code in them. Also sets the registry's search path. Not thread-safe.
std::vector<PluginRecord> load_plugins(const std::vector<std::filesystem::path>& directories, Registry& registry);

}  // namespace fstool

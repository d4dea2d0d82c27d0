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
  std::vector<PluginFormat> formats;     ///< by stage, then name; loaded plugins only
  std::vector<PluginFormat> overridden;  ///< what it offers too, but a preferred plugin's are used
};

/// How plugins are loaded.
struct PluginLoading {
  /// Names of plugins (--plugin): where several offer the same format, the first of these that does is taken, and the
  /// others go without it.
  std::vector<std::string> preferred = {};
  /// Directories whose plugins are loaded without being tried in a child process first.
  std::vector<std::filesystem::path> trusted = {};
};

/// Where plugins are looked for, in this order: `explicit_directories` (--plugin-dir), which have to exist; the entries
/// of `environment` ($FSTOOL_PLUGIN_PATH, separated by colons, empty ones ignored; null: not set); and the directories
/// that belong to the installation of `executable`. Throws Error(NotFound).
std::vector<std::filesystem::path> plugin_search_path(const std::vector<std::filesystem::path>& explicit_directories,
                                                      const char* environment, const std::filesystem::path& executable);

/// The last of these: where the installation of `executable` has its own plugins.
std::vector<std::filesystem::path> installed_plugin_directories(const std::filesystem::path& executable);

/// Loads every `*.so` of `directories`, in the order of their names, into `registry`. Directories that don't exist are
/// passed over. A directory with a relative path, and files and directories that anybody may write to, are refused; so
/// is a file that is no shared library for this processor, a plugin that throws or ends the process while it is loaded,
/// one whose descriptor says that it was not built for this host, and one that throws while it registers its formats or
/// offers one that is there already. None of these stops the others. What is loaded stays loaded until the process
/// ends, because objects made by plugins have their code in them. Also sets the registry's search path. Throws
/// Error(NotFound/Plugin) if a preferred plugin is not among those that are loaded. Not thread-safe; the process must
/// have one thread, unless all directories are trusted.
std::vector<PluginRecord> load_plugins(const std::vector<std::filesystem::path>& directories, Registry& registry,
                                       const PluginLoading& how = {});

}  // namespace fstool

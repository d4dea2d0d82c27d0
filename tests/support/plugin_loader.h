/// \file
/// Plugins, loaded as they are installed, for tests of one plugin that need the formats of another.
#pragma once

#include <dlfcn.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "fstool/plugin.h"
#include "fstool/registry.h"

namespace fstool::test {

/// Adds the formats of the plugin `name` in `directory`.
inline void register_plugin(const std::filesystem::path& directory, const std::string& name, Registry& registry) {
  const std::string path = (directory / (name + ".so")).string();
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // stays open: the registry refers to its code
  if (library == nullptr) throw std::runtime_error(dlerror());
  static_cast<const PluginDescriptor*>(dlsym(library, "fstool_plugin"))->register_formats(registry);
}

}  // namespace fstool::test

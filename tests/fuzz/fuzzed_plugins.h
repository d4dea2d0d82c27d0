/// \file
/// Which plugins' formats are fuzzed together: the targets tables, fat and disks. They are loaded as the host does.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "fstool/registry.h"
#include "plugin_loader.h"

namespace fstool::fuzz {

/// A target, which is also the name of its corpus, and the plugins whose formats walk through each of its inputs.
struct FuzzedPlugins {
  std::string target;
  std::vector<std::string> plugins;

  /// For the messages of tests.
  friend std::ostream& operator<<(std::ostream& stream, const FuzzedPlugins& fuzzed) { return stream << fuzzed.target; }
};

/// Partition tables, and what they look for in partitions to know the size of sectors.
inline const FuzzedPlugins kTables{"tables", {"gpt", "mbr", "swap", "verity"}};
inline const FuzzedPlugins kFat{"fat", {"fat"}};
/// Virtual disks and sparse images. Those of VMware are compressed with zlib.
inline const FuzzedPlugins kDisks{"disks", {"codec-deflate", "simg", "vdi", "vhd", "vmdk"}};

/// The formats of `fuzzed`, whose plugins lie in `directory`.
inline Registry load_formats(const FuzzedPlugins& fuzzed, const std::string& directory) {
  Registry registry;
  for (const std::string& plugin : fuzzed.plugins) test::register_plugin(directory, plugin, registry);
  return registry;
}

}  // namespace fstool::fuzz

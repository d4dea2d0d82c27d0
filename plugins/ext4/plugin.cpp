#include "fstool/plugin.h"

#include "filesystem.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool::ext4;
  registry.add(fstool::make_format<fstool::Filesystem>(
      "ext4", "The fourth extended file system of Linux.", ext4_options(),
      [](Ext4Options options) { return std::make_unique<Ext4Filesystem>(std::move(options)); }));
}

}  // namespace

FSTOOL_PLUGIN("ext4", FSTOOL_SDK_VERSION, "MIT", "Writes ext4 file systems", register_formats)

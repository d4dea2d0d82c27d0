#include "fstool/plugin.h"

#include "filesystem.h"

namespace {

using namespace fstool::fat;

void register_formats(fstool::Registry& registry) {
  registry.add(fstool::make_format<fstool::Filesystem>(
      "fat", "FAT12, FAT16 and FAT32 with long names.", fstool::OptionSet<fstool::NoOptions>(),
      [](fstool::NoOptions) { return std::make_unique<FatFilesystem>(); }));
}

}  // namespace

FSTOOL_PLUGIN("fat", FSTOOL_SDK_VERSION, "MIT", "Writes and reads FAT file systems", register_formats)

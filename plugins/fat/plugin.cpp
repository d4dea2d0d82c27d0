#include <memory>
#include <utility>

#include "fstool/plugin.h"

#include "filesystem.h"

namespace {

using namespace fstool::fat;

void register_formats(fstool::Registry& registry) {
  registry.add(fstool::make_format<fstool::Filesystem>(
      "fat", "The file system of DOS and Windows, of UEFI, and of memory cards: FAT12, FAT16 and FAT32.", fat_options(),
      [](FatOptions options) { return std::make_unique<FatFilesystem>(std::move(options)); }));
}

}  // namespace

FSTOOL_PLUGIN("fat", FSTOOL_SDK_VERSION, "MIT", "Writes and reads FAT file systems", register_formats)

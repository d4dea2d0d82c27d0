#include "fstool/plugin.h"

#include "filesystem.h"

namespace {

using namespace fstool::ext4;

template <Generation kGeneration>
std::unique_ptr<fstool::Filesystem> create(ExtOptions options) {
  return std::make_unique<ExtFilesystem>(kGeneration, std::move(options));
}

void register_formats(fstool::Registry& registry) {
  registry.add(fstool::make_format<fstool::Filesystem>("ext2", "The second extended file system of Linux.",
                                                       ext_options(), create<Generation::Ext2>));
  registry.add(fstool::make_format<fstool::Filesystem>("ext3", "The third extended file system of Linux: a journal.",
                                                       ext_options(), create<Generation::Ext3>));
  registry.add(fstool::make_format<fstool::Filesystem>(
      "ext4", "The fourth extended file system of Linux: extents and checksums.", ext_options(),
      create<Generation::Ext4>));
}

}  // namespace

FSTOOL_PLUGIN("ext4", FSTOOL_SDK_VERSION, "MIT", "Writes and reads ext2, ext3 and ext4 file systems", register_formats)

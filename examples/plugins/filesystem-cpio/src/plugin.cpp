#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "cpio_filesystem.h"

static void register_formats(fstool::Registry& registry) {
  using namespace cpio;
  auto format = fstool::make_format<fstool::Filesystem>(
      "cpio", "A cpio archive (newc), as Linux takes it for an initramfs.", cpio_options(),
      [](CpioOptions options) { return std::make_unique<CpioFilesystem>(options); });
  format.info.extensions = {"cpio"};
  registry.add(std::move(format));
}

FSTOOL_PLUGIN("filesystem-cpio", PLUGIN_VERSION, "MIT", "Makes and reads initramfs images.", register_formats)

#include "fstool/plugin.h"

#include <memory>

#include "vdi.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format = make_format<Container>(
      "vdi", "VirtualBox's disk images, dynamic or static.", vdi::vdi_options(),
      [](const vdi::VdiOptions& options) { return std::make_unique<vdi::VdiContainer>(options); });
  format.info.extensions = {"vdi"};
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("vdi", FSTOOL_SDK_VERSION, "MIT", "VDI disk images.", register_formats)

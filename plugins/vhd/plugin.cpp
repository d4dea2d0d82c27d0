#include "fstool/plugin.h"

#include <memory>

#include "vhd.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format = make_format<Container>(
      "vhd", "Disk images of Virtual PC, Hyper-V and Azure, dynamic or fixed.", vhd::vhd_options(),
      [](const vhd::VhdOptions& options) { return std::make_unique<vhd::VhdContainer>(options); });
  format.info.extensions = {"vhd", "vpc"};
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("vhd", FSTOOL_SDK_VERSION, "MIT", "VHD disk images.", register_formats)

#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "vmdk.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format =
      make_format<Container>("vmdk", "VMware's virtual disks: sparse, or compressed as a stream.", vmdk::vmdk_options(),
                             [](vmdk::VmdkOptions options) { return std::make_unique<vmdk::VmdkContainer>(options); });
  format.info.extensions = {"vmdk"};
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("vmdk", FSTOOL_SDK_VERSION, "MIT", "VMware virtual disks.", register_formats)

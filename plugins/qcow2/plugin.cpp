#include "fstool/plugin.h"

#include <memory>

#include "qcow2.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format = make_format<Container>(
      "qcow2", "QEMU's disk images, optionally compressed with deflate or zstd.", qcow2::qcow2_options(),
      [](const qcow2::Qcow2Options& options) { return std::make_unique<qcow2::Qcow2Container>(options); });
  format.info.extensions = {"qcow2"};
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("qcow2", FSTOOL_SDK_VERSION, "MIT", "qcow2 disk images.", register_formats)

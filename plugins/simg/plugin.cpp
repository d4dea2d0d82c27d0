#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "simg.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format =
      make_format<Container>("simg", "Android's sparse images, as fastboot takes them.", simg::simg_options(),
                             [](simg::SimgOptions options) { return std::make_unique<simg::SimgContainer>(options); });
  format.info.extensions = {"simg"};
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("simg", FSTOOL_SDK_VERSION, "MIT", "Android sparse images.", register_formats)

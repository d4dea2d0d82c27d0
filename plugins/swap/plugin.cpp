#include <memory>
#include <utility>

#include "fstool/plugin.h"

#include "swap_filesystem.h"

namespace {

using namespace fstool::swap;

void register_formats(fstool::Registry& registry) {
  registry.add(fstool::make_format<fstool::Filesystem>(
      "swap", "A Linux swap area: room for memory, without files; its size has to be given.", swap_options(),
      [](SwapOptions options) { return std::make_unique<SwapFilesystem>(std::move(options)); }));
}

}  // namespace

FSTOOL_PLUGIN("swap", FSTOOL_SDK_VERSION, "MIT", "Makes and reads Linux swap areas", register_formats)

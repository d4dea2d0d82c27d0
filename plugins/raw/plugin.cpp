#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "fstool/options.h"
#include "raw_container.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format =
      make_format<Container>("raw", "The bytes of the disk as they are in a sparse file, or compressed as a stream.",
                             OptionSet<NoOptions>(), [](NoOptions) { return std::make_unique<raw::RawContainer>(); });
  format.info.extensions = {"img", "raw"};
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("raw", FSTOOL_SDK_VERSION, "MIT", "Writes and reads raw disk images.", register_formats)

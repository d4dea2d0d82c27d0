#include <memory>
#include <utility>

#include "fstool/plugin.h"

#include "verity_derivation.h"
#include "verity_filesystem.h"

namespace {

using namespace fstool;
using namespace fstool::verity;

void register_formats(Registry& registry) {
  registry.add(make_format<Derivation>(
      "verity", "The hash tree of a partition, by which the kernel's dm-verity knows that nobody changed it.",
      verity_options(), [](VerityOptions options) { return std::make_unique<VerityDerivation>(std::move(options)); }));
  registry.add(
      make_format<Filesystem>("verity", "A hash tree of dm-verity: told of and checked, but made by a derivation.",
                              OptionSet<NoOptions>(), [](NoOptions) { return std::make_unique<VerityFilesystem>(); }));
}

}  // namespace

FSTOOL_PLUGIN("verity", FSTOOL_SDK_VERSION, "MIT", "Makes hash trees for dm-verity, and reads them", register_formats)

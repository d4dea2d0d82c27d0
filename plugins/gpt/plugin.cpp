#include "fstool/plugin.h"

#include <memory>

#include "gpt.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  registry.add(
      make_format<PartitionTable>("gpt", "GUID partition table (UEFI): up to 128 named partitions.", gpt::gpt_options(),
                                  [](gpt::GptOptions options) { return std::make_unique<gpt::GptTable>(options); }));
}

}  // namespace

FSTOOL_PLUGIN("gpt", FSTOOL_SDK_VERSION, "MIT", "GUID partition tables.", register_formats)

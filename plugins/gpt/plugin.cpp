#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "gpt.h"
#include "partition_options.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format = make_format<PartitionTable>(
      "gpt", "GUID partition table (UEFI): named partitions, 128 or as many as asked for.", gpt::gpt_options(),
      [](gpt::GptOptions options) { return std::make_unique<gpt::GptTable>(options); });
  format.info.partition_options = gpt::gpt_partition_options().infos();
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("gpt", FSTOOL_SDK_VERSION, "MIT", "GUID partition tables.", register_formats)

#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "mbr.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format = make_format<PartitionTable>(
      "mbr", "Master boot record: four primary partitions, or three and a chain of logical ones.", mbr::mbr_options(),
      [](mbr::MbrOptions options) { return std::make_unique<mbr::MbrTable>(options); });
  format.info.partition_options = mbr::mbr_partition_options().infos();
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("mbr", FSTOOL_SDK_VERSION, "MIT", "MBR partition tables.", register_formats)

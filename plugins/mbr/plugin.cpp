#include "fstool/plugin.h"

#include <memory>

#include "mbr.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  registry.add(
      make_format<PartitionTable>("mbr", "Master boot record: up to four primary partitions.", mbr::mbr_options(),
                                  [](mbr::MbrOptions options) { return std::make_unique<mbr::MbrTable>(options); }));
}

}  // namespace

FSTOOL_PLUGIN("mbr", FSTOOL_SDK_VERSION, "MIT", "MBR partition tables.", register_formats)

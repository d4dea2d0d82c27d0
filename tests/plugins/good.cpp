// A plugin as it should be. Built twice: as "good", and as "twin" under another name with the same format.
#include "fstool/plugin.h"

static void register_formats(fstool::Registry& registry) {
  fstool::Format<fstool::Codec> codec;
  codec.info.name = "identity";
  codec.info.summary = "Leaves the bytes as they are.";
  registry.add(std::move(codec));
}

FSTOOL_PLUGIN(FSTOOL_TEST_PLUGIN_NAME, "1.2", "MIT", "Works.", register_formats)

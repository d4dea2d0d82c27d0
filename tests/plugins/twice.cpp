// A plugin that registers a format, and another one of the same name.
#include "fstool/plugin.h"

static void register_formats(fstool::Registry& registry) {
  for (int i = 0; i < 2; ++i) {
    fstool::Format<fstool::Codec> codec;
    codec.info.name = "registered-twice";
    registry.add(std::move(codec));
  }
}

FSTOOL_PLUGIN("twice", "1", "MIT", "Registers a name twice.", register_formats)

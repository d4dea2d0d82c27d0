// A plugin that registers one format and then fails.
#include <stdexcept>

#include "fstool/plugin.h"

static void register_formats(fstool::Registry& registry) {
  fstool::Format<fstool::Codec> codec;
  codec.info.name = "half-registered";
  registry.add(std::move(codec));
  throw std::runtime_error("no licence\nfor this host");
}

FSTOOL_PLUGIN("throwing", "1", "MIT", "Fails while it registers.", register_formats)

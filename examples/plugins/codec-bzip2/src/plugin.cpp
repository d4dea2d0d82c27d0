#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "bzip2_codec.h"

static void register_formats(fstool::Registry& registry) {
  using namespace bzip2_codec;
  auto format =
      fstool::make_format<fstool::Codec>("bzip2", "Streams of bzip2.", bzip2_options(),
                                         [](Bzip2Options options) { return std::make_unique<Bzip2Codec>(options); });
  format.info.extensions = {"bz2"};
  registry.add(std::move(format));
}

FSTOOL_PLUGIN("codec-bzip2", PLUGIN_VERSION, "MIT", "bzip2 compression.", register_formats)

#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "lz4_codec.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format = make_format<Codec>("lz4", "Frames of LZ4 (LZ4 frame format 1.6).", lz4::lz4_options(),
                                   [](lz4::Lz4Options options) { return std::make_unique<lz4::Lz4Codec>(options); });
  format.info.extensions = {"lz4"};
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("codec-lz4", FSTOOL_SDK_VERSION, "MIT", "LZ4 compression.", register_formats)

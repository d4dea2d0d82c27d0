#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "xz_codec.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format = make_format<Codec>("xz", "Streams of an .xz file (LZMA2).", xz::xz_options(),
                                   [](xz::XzOptions options) { return std::make_unique<xz::XzCodec>(options); });
  format.info.extensions = {"xz"};
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("codec-xz", FSTOOL_SDK_VERSION, "MIT", "XZ compression.", register_formats)

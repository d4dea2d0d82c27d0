#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "zstd_codec.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format =
      make_format<Codec>("zstd", "Zstandard (RFC 8878).", zstd::zstd_options(),
                         [](zstd::ZstdOptions options) { return std::make_unique<zstd::ZstdCodec>(options); });
  format.info.extensions = {"zst"};
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("codec-zstd", FSTOOL_SDK_VERSION, "MIT", "Zstandard compression.", register_formats)

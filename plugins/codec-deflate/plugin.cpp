#include "fstool/plugin.h"

#include <memory>

#include "deflate.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  registry.add(make_format<Codec>(
      "deflate", "Raw deflate (RFC 1951).", deflate::deflate_options(),
      [](deflate::DeflateOptions options) { return std::make_unique<deflate::DeflateCodec>(options); }));
}

}  // namespace

FSTOOL_PLUGIN("codec-deflate", FSTOOL_SDK_VERSION, "MIT", "Deflate compression with ISA-L and zlib.", register_formats)

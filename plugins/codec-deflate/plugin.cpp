#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "deflate.h"
#include "gzip.h"
#include "wrapped_options.h"
#include "zlib_codec.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  registry.add(make_format<Codec>(
      "deflate", "Raw deflate (RFC 1951).", deflate::deflate_options(),
      [](deflate::DeflateOptions options) { return std::make_unique<deflate::DeflateCodec>(options); }));
  auto gzip =
      make_format<Codec>("gzip", "Members of a gzip file (RFC 1952).", deflate::wrapped_options(),
                         [](deflate::GzipOptions options) { return std::make_unique<deflate::GzipCodec>(options); });
  gzip.info.extensions = {"gz", "tgz"};
  registry.add(std::move(gzip));
  registry.add(
      make_format<Codec>("zlib", "Deflate with zlib's header and checksum (RFC 1950).", deflate::wrapped_options(),
                         [](deflate::ZlibOptions options) { return std::make_unique<deflate::ZlibCodec>(options); }));
}

}  // namespace

FSTOOL_PLUGIN("codec-deflate", FSTOOL_SDK_VERSION, "MIT", "Deflate, zlib and gzip compression with ISA-L and zlib.",
              register_formats)

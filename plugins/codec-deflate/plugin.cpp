#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "deflate.h"
#include "gzip.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  registry.add(make_format<Codec>(
      "deflate", "Raw deflate (RFC 1951).", deflate::deflate_options(),
      [](deflate::DeflateOptions options) { return std::make_unique<deflate::DeflateCodec>(options); }));
  auto gzip =
      make_format<Codec>("gzip", "Members of a gzip file (RFC 1952).", deflate::gzip_options(),
                         [](deflate::GzipOptions options) { return std::make_unique<deflate::GzipCodec>(options); });
  gzip.info.extensions = {"gz", "tgz"};
  registry.add(std::move(gzip));
}

}  // namespace

FSTOOL_PLUGIN("codec-deflate", FSTOOL_SDK_VERSION, "MIT", "Deflate and gzip compression with ISA-L and zlib.",
              register_formats)

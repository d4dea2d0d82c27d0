// The libFuzzer target of all codecs. Its inputs are described in walk_codec.h.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "deflate.h"
#include "gzip.h"
#include "lz4_codec.h"
#include "walk_codec.h"
#include "xz_codec.h"
#include "zlib_codec.h"
#include "zstd_codec.h"

namespace {

template <class Made, class Options>
void add(fstool::Registry& registry, const char* name, const fstool::OptionSet<Options>& options) {
  registry.add(fstool::make_format<fstool::Codec>(
      name, "", options, [](Options chosen) { return std::make_unique<Made>(std::move(chosen)); }));
}

/// As the plugins offer them.
const fstool::Registry& codecs() {
  using namespace fstool;
  static const Registry registry = [] {
    Registry made;
    add<deflate::DeflateCodec>(made, "deflate", deflate::deflate_options());
    add<deflate::GzipCodec>(made, "gzip", deflate::wrapped_options());
    add<lz4::Lz4Codec>(made, "lz4", lz4::lz4_options());
    add<xz::XzCodec>(made, "xz", xz::xz_options());
    add<deflate::ZlibCodec>(made, "zlib", deflate::wrapped_options());
    add<zstd::ZstdCodec>(made, "zstd", zstd::zstd_options());
    return made;
  }();
  return registry;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fstool::fuzz::walk_codec(std::as_bytes(std::span(data, size)), codecs());
  return 0;
}

// The libFuzzer target of the qcow2 reader. Its inputs are packed images.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "deflate.h"
#include "packed_image.h"
#include "walk_qcow2.h"
#include "zstd_codec.h"

namespace {

const fstool::Registry& codecs() {
  using namespace fstool;
  static const Registry registry = [] {
    Registry made;
    made.add(make_format<Codec>("deflate", "", deflate::deflate_options(), [](deflate::DeflateOptions options) {
      return std::make_unique<deflate::DeflateCodec>(options);
    }));
    made.add(make_format<Codec>("zstd", "", zstd::zstd_options(),
                                [](zstd::ZstdOptions options) { return std::make_unique<zstd::ZstdCodec>(options); }));
    return made;
  }();
  return registry;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fstool::fuzz::walk_qcow2_image(fstool::fuzz::unpack_image(std::as_bytes(std::span(data, size))), codecs());
  return 0;
}

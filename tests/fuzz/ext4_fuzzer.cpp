// The libFuzzer target of the ext4 reader. Its inputs are packed images.

#include <cstddef>
#include <cstdint>
#include <span>

#include "packed_image.h"
#include "walk_ext4.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fstool::fuzz::walk_ext4_image(fstool::fuzz::unpack_image(std::as_bytes(std::span(data, size))));
  return 0;
}

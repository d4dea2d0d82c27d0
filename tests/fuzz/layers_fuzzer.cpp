// The libFuzzer target of layers and rules. Its inputs are described in walk_layers.h.

#include <cstddef>
#include <cstdint>
#include <span>

#include "walk_layers.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fstool::fuzz::walk_layers(std::as_bytes(std::span(data, size)));
  return 0;
}

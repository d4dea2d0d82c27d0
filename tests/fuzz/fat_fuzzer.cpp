// The libFuzzer target of the FAT reader. Its inputs are packed images.

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz_formats.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fstool::fuzz::fuzz_formats(fstool::fuzz::kFat, std::span(data, size));
  return 0;
}

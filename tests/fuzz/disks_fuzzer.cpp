// The libFuzzer target of virtual disks and sparse images. Its inputs are packed images.

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz_formats.h"
#include "seal_vhd.h"
#include "sealed_mutation.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fstool::fuzz::fuzz_formats(fstool::fuzz::kDisks, std::span(data, size));
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fstool::fuzz::mutate_sealed(data, size, max_size, seed, fstool::fuzz::seal_vhd);
}

// How inputs of the target disks mutate: most often with the checksums of VHD images put right.

#include <cstddef>
#include <cstdint>

#include "seal_vhd.h"
#include "sealed_mutation.h"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fstool::fuzz::mutate_sealed(data, size, max_size, seed, fstool::fuzz::seal_vhd);
}

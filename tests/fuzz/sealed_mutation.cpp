#include "sealed_mutation.h"

#include <algorithm>
#include <vector>

#include "packed_image.h"

/// libFuzzer's own mutations.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace fstool::fuzz {

std::size_t mutate_sealed(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed, Seal seal) {
  constexpr unsigned kUnsealed = 4;  // one mutation of so many: wrong checksums have to be met, too
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % kUnsealed == 0) return size;
  const std::span<std::uint8_t> room(data, max_size);
  std::vector<std::byte> image = unpack_image(std::as_bytes(room.first(size)));
  if (image.empty()) return size;
  seal(image);
  const std::vector<std::byte> packed = pack_image(image);
  if (packed.size() > max_size) return size;
  std::ranges::copy(packed, std::as_writable_bytes(room).begin());
  return packed.size();
}

}  // namespace fstool::fuzz

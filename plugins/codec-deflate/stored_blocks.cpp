#include "stored_blocks.h"

#include <algorithm>
#include <boost/endian/arithmetic.hpp>
#include <cstdint>
#include <cstring>

namespace fstool::deflate {
namespace {

/// What a stored block of deflate begins with where the stream is at a byte boundary (RFC 1951, section 3.2.4).
struct StoredHeader {
  std::uint8_t is_last;  // bit 0; bits 1 and 2 are 0: stored
  boost::endian::little_uint16_t length;
  boost::endian::little_uint16_t complement;
};
static_assert(sizeof(StoredHeader) == 5);

constexpr std::size_t kLongestStored = 0xffff;

/// `out` has stored_size() bytes at least.
void store(std::span<const std::byte> in, std::span<std::byte> out) {
  do {
    const std::size_t length = std::min(in.size(), kLongestStored);
    StoredHeader header{};
    header.is_last = length == in.size() ? 1 : 0;
    header.length = static_cast<std::uint16_t>(length);
    header.complement = static_cast<std::uint16_t>(~length);
    std::memcpy(out.data(), &header, sizeof(header));
    out = out.subspan(sizeof(header));
    std::ranges::copy(in.first(length), out.begin());
    in = in.subspan(length);
    out = out.subspan(length);
  } while (!in.empty());
}

}  // namespace

std::size_t stored_size(std::size_t bytes) {
  const std::size_t blocks = std::max<std::size_t>(1, (bytes + kLongestStored - 1) / kLongestStored);
  return bytes + blocks * sizeof(StoredHeader);
}

std::optional<std::size_t> deflate_or_store(Compressor& deflate, std::span<const std::byte> in,
                                            std::span<std::byte> out) {
  const std::size_t stored = stored_size(in.size());
  if (const auto size = deflate.compress(in, out.first(std::min(out.size(), stored)))) return size;
  if (out.size() < stored) return std::nullopt;
  store(in, out);
  return stored;
}

}  // namespace fstool::deflate

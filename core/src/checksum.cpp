#include "fstool/checksum.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <array>

namespace fstool {
namespace {

constexpr std::array<std::uint16_t, 256> make_crc16_table() {
  constexpr unsigned kPolynomial = 0xA001;
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < table.size(); ++byte) {
    unsigned remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = remainder >> 1U ^ ((remainder & 1U) != 0 ? kPolynomial : 0U);
    table[byte] = static_cast<std::uint16_t>(remainder);
  }
  return table;
}

constexpr auto kCrc16Table = make_crc16_table();

}  // namespace

std::uint32_t crc32(std::uint32_t crc, std::span<const std::byte> bytes) noexcept {
  return crc32_gzip_refl(crc, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes) noexcept {
  // crc32_iscsi() takes the length as an int, and a pointer to bytes that it doesn't change.
  constexpr std::size_t kPiece = std::size_t{1} << 30U;
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kPiece));
    crc = crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<std::byte*>(piece.data())),
                      static_cast<int>(piece.size()), crc);
    bytes = bytes.subspan(piece.size());
  }
  return crc;
}

std::uint16_t crc16(std::uint16_t crc, std::span<const std::byte> bytes) noexcept {
  for (const std::byte byte : bytes) {
    const std::uint8_t index = static_cast<std::uint8_t>(crc ^ std::to_integer<unsigned>(byte));
    crc = static_cast<std::uint16_t>(crc >> 8U ^ kCrc16Table[index]);
  }
  return crc;
}

}  // namespace fstool

// The register of a CRC is a polynomial over GF(2), and a byte of zeros multiplies it by x^8, modulo the polynomial of
// the CRC. So the register after A and B is that after A, times x^(8 * length of B), plus what B alone leaves; the
// inversions at either end cancel each other out. Polynomials are reflected, as CRC-32 is: the highest bit is the
// coefficient of x^0.
#include "crc32_run.h"

#include <array>

#include "fstool/checksum.h"

namespace fstool::simg {
namespace {

constexpr std::uint32_t kPolynomial = 0xedb88320;
constexpr std::uint32_t kOne = 0x80000000;

/// a * b, modulo the polynomial.
constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
  std::uint32_t sum = 0;
  for (std::uint32_t bit = kOne; bit != 0; bit >>= 1U) {
    if ((a & bit) != 0) sum ^= b;
    b = (b & 1U) != 0 ? b >> 1U ^ kPolynomial : b >> 1U;
  }
  return sum;
}

/// x^(8 * 2^i) for each i.
constexpr std::array<std::uint32_t, 64> powers_of_zero_bytes() {
  constexpr std::uint32_t kXToThe8 = kOne >> 8U;
  std::array<std::uint32_t, 64> powers{kXToThe8};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = product(powers[i - 1], powers[i - 1]);
  return powers;
}

constexpr auto kPowers = powers_of_zero_bytes();

/// The register after `bytes` more bytes of zeros.
std::uint32_t after_zeros(std::uint32_t crc, std::uint64_t bytes) {
  for (std::size_t i = 0; bytes != 0; ++i, bytes >>= 1U) {
    if ((bytes & 1U) != 0) crc = product(kPowers[i], crc);
  }
  return crc;
}

}  // namespace

Crc32Run Crc32Run::of(std::span<const std::byte> bytes) { return {bytes.size(), crc32(0, bytes)}; }

Crc32Run Crc32Run::repeated(std::uint64_t count) const {
  Crc32Run result;
  Crc32Run power = *this;  // this run, repeated 2^i times
  while (true) {
    if ((count & 1U) != 0) result += power;
    count >>= 1U;
    if (count == 0) return result;
    power += power;
  }
}

Crc32Run& Crc32Run::operator+=(const Crc32Run& next) {
  crc = after_zeros(crc, next.length) ^ next.crc;
  length += next.length;
  return *this;
}

}  // namespace fstool::simg

#include "ondisk/dirhash.h"

#include <algorithm>
#include <bit>

namespace fstool::ext4 {

namespace {

/// The largest hash is the end-of-directory mark of readdir; a name that hashes to it takes the one before.
constexpr std::uint32_t kEndOfDirectory = 0xFFFFFFFE;

constexpr std::uint32_t select(std::uint32_t x, std::uint32_t y, std::uint32_t z) { return z ^ (x & (y ^ z)); }
constexpr std::uint32_t majority(std::uint32_t x, std::uint32_t y, std::uint32_t z) { return (x & y) + ((x ^ y) & z); }
constexpr std::uint32_t parity(std::uint32_t x, std::uint32_t y, std::uint32_t z) { return x ^ y ^ z; }

template <class Function>
void md4_step(Function f, std::uint32_t& a, std::uint32_t b, std::uint32_t c, std::uint32_t d, std::uint32_t word,
              int shift) {
  a = std::rotl(a + f(b, c, d) + word, shift);
}

/// MD4 (RFC 1320) cut down to eight words of input and eight steps a round.
void half_md4_transform(std::array<std::uint32_t, 4>& state, const std::array<std::uint32_t, 8>& in) {
  constexpr std::uint32_t kRound2 = 0x5A827999;
  constexpr std::uint32_t kRound3 = 0x6ED9EBA1;
  std::uint32_t a = state[0];
  std::uint32_t b = state[1];
  std::uint32_t c = state[2];
  std::uint32_t d = state[3];
  const auto round = [&](auto f, std::uint32_t add, const std::array<std::size_t, 8>& order,
                         const std::array<int, 4>& shift) {
    for (std::size_t i = 0; i < order.size(); i += 4) {
      md4_step(f, a, b, c, d, in[order[i]] + add, shift[0]);
      md4_step(f, d, a, b, c, in[order[i + 1]] + add, shift[1]);
      md4_step(f, c, d, a, b, in[order[i + 2]] + add, shift[2]);
      md4_step(f, b, c, d, a, in[order[i + 3]] + add, shift[3]);
    }
  };
  round(select, 0, {0, 1, 2, 3, 4, 5, 6, 7}, {3, 7, 11, 19});
  round(majority, kRound2, {1, 3, 5, 7, 0, 2, 4, 6}, {3, 5, 9, 13});
  round(parity, kRound3, {3, 7, 2, 6, 1, 5, 0, 4}, {3, 9, 11, 15});
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

/// The Tiny Encryption Algorithm (Wheeler and Needham, 1994), 16 cycles, its input as the key.
void tea_transform(std::array<std::uint32_t, 4>& state, const std::array<std::uint32_t, 4>& key) {
  constexpr std::uint32_t kDelta = 0x9E3779B9;
  std::uint32_t sum = 0;
  std::uint32_t a = state[0];
  std::uint32_t b = state[1];
  for (int cycle = 0; cycle < 16; ++cycle) {
    sum += kDelta;
    a += ((b << 4) + key[0]) ^ (b + sum) ^ ((b >> 5) + key[1]);
    b += ((a << 4) + key[2]) ^ (a + sum) ^ ((a >> 5) + key[3]);
  }
  state[0] += a;
  state[1] += b;
}

std::uint32_t byte_value(char c, bool is_signed) {
  return is_signed ? static_cast<std::uint32_t>(static_cast<signed char>(c)) : static_cast<unsigned char>(c);
}

/// Packs the beginning of what is left of a name into words, the first byte on top, and pads with its length.
template <std::size_t kWords>
std::array<std::uint32_t, kWords> pack_words(std::string_view rest, bool is_signed) {
  auto pad = static_cast<std::uint32_t>(rest.size());
  pad |= pad << 8;
  pad |= pad << 16;
  std::array<std::uint32_t, kWords> words;
  words.fill(pad);
  const std::size_t length = std::min(rest.size(), kWords * sizeof(std::uint32_t));
  for (std::size_t i = 0; i < length; ++i) {
    std::uint32_t& word = words[i / sizeof(word)];
    word = byte_value(rest[i], is_signed) + (word << 8);
  }
  return words;
}

std::uint32_t legacy_hash(std::string_view name, bool is_signed) {
  std::uint32_t current = 0x12A3FE2D;
  std::uint32_t previous = 0x37ABE8F9;
  for (const char c : name) {
    std::uint32_t next = previous + (current ^ (byte_value(c, is_signed) * 7152373U));
    if ((next & 0x80000000U) != 0) next -= 0x7FFFFFFFU;
    previous = current;
    current = next;
  }
  return current << 1;
}

}  // namespace

NameHash hash_name(const NameHasher& hasher, std::string_view name) {
  std::array<std::uint32_t, 4> state = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
  if (hasher.seed != HashSeed{}) state = hasher.seed;
  NameHash hash;
  switch (hasher.version) {
    case HashVersion::Legacy:
      hash.major = legacy_hash(name, hasher.is_signed);
      break;
    case HashVersion::HalfMd4:
      for (std::size_t at = 0; at < name.size(); at += 32) {
        half_md4_transform(state, pack_words<8>(name.substr(at), hasher.is_signed));
      }
      hash = {state[1], state[2]};
      break;
    case HashVersion::Tea:
      for (std::size_t at = 0; at < name.size(); at += 16) {
        tea_transform(state, pack_words<4>(name.substr(at), hasher.is_signed));
      }
      hash = {state[0], state[1]};
      break;
  }
  hash.major &= ~1U;
  if (hash.major == kEndOfDirectory) hash.major -= 2;
  return hash;
}

}  // namespace fstool::ext4

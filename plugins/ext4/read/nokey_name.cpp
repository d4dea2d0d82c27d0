#include "read/nokey_name.h"

#include <nettle/sha2.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace fstool::ext4 {

namespace {

/// One block of AES: what no encrypted name is shorter than.
constexpr std::size_t kMinCiphertext = 16;
/// Bytes of the ciphertext that a no-key name holds as they are.
constexpr std::size_t kPlainBytes = 149;

void append_word(std::string& out, std::uint32_t word) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((word >> shift) & 0xFF);
}

/// RFC 4648, section 5, without padding.
std::string base64url(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t buffer = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += kDigits[(buffer >> (bits - 6)) & 63];
  }
  if (bits > 0) out += kDigits[(buffer << (6 - bits)) & 63];
  return out;
}

}  // namespace

std::optional<std::string> nokey_name(std::string_view ciphertext, const NameHash& hash) {
  if (ciphertext.size() < kMinCiphertext) return std::nullopt;
  std::string plain;
  append_word(plain, hash.major);
  append_word(plain, hash.minor);
  plain += ciphertext.substr(0, kPlainBytes);
  if (ciphertext.size() > kPlainBytes) {
    const std::string_view rest = ciphertext.substr(kPlainBytes);
    sha256_ctx state{};
    sha256_init(&state);
    sha256_update(&state, rest.size(), reinterpret_cast<const std::uint8_t*>(rest.data()));
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
    sha256_digest(&state, digest.size(), digest.data());
    plain.append(digest.begin(), digest.end());
  }
  return base64url(plain);
}

}  // namespace fstool::ext4

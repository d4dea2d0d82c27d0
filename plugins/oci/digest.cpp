#include "digest.h"

#include <fmt/format.h>
#include <nettle/nettle-meta.h>

#include <algorithm>
#include <iterator>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::oci {

namespace {

/// The registered algorithms (OCI image specification, "Registered algorithms").
const nettle_hash* find_hash(std::string_view algorithm) {
  for (const nettle_hash* const hash : {&nettle_sha256, &nettle_sha384, &nettle_sha512}) {
    if (algorithm == hash->name) return hash;
  }
  return nullptr;
}

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char letter) { return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f'); });
}

std::string shown(std::string_view text) {
  constexpr std::size_t kMostShown = 100;
  return fmt::format("\"{}\"", text.substr(0, kMostShown));
}

}  // namespace

bool is_sha256_hex(std::string_view text) { return text.size() == 2 * nettle_sha256.digest_size && is_hex(text); }

Digest parse_digest(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    throw Error(ErrorCode::Corrupt, fmt::format("{} is no digest: it names no algorithm", shown(text)));
  }
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view hex = text.substr(colon + 1);
  const nettle_hash* const hash = find_hash(algorithm);
  if (hash == nullptr) {
    throw Error(ErrorCode::Unsupported, fmt::format("the digest {} is of an algorithm that isn't known: there are "
                                                    "sha256, sha384 and sha512",
                                                    shown(text)));
  }
  if (hex.size() != 2 * hash->digest_size || !is_hex(hex)) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("{} is no digest: {} is followed by {} letters of lower-case hexadecimal", shown(text),
                            algorithm, 2 * hash->digest_size));
  }
  return {std::string(algorithm), std::string(hex)};
}

Hasher::Hasher(std::string_view algorithm) : hash_(find_hash(algorithm)) {
  if (hash_ == nullptr) throw Error(ErrorCode::Internal, fmt::format("there is no hash {}", algorithm));
  state_.resize(div_ceil(hash_->context_size, sizeof(std::uint64_t)));
  hash_->init(state_.data());
}

void Hasher::update(std::span<const std::byte> bytes) {
  hash_->update(state_.data(), bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

Digest Hasher::finish() {
  std::vector<std::uint8_t> bytes(hash_->digest_size);
  hash_->digest(state_.data(), bytes.size(), bytes.data());  // this also makes the state as new
  Digest digest{hash_->name, {}};
  digest.hex.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) fmt::format_to(std::back_inserter(digest.hex), "{:02x}", byte);
  return digest;
}

Digest digest_of(std::span<const std::byte> bytes, std::string_view algorithm) {
  Hasher hasher(algorithm);
  hasher.update(bytes);
  return hasher.finish();
}

}  // namespace fstool::oci

/// \file
/// Digests: what the files of an image are called by and checked with.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct nettle_hash;

namespace fstool::oci {

/// A digest as descriptors have it, "sha256:6c3c62…" (OCI image specification, "Descriptors", section "Digests"). Its
/// parts are safe to be parts of a path: the algorithm is one that is known, the rest lower-case hexadecimal.
struct Digest {
  std::string algorithm;  ///< "sha256", "sha384" or "sha512"
  std::string hex;        ///< as long as the algorithm's hashes are

  std::string text() const { return algorithm + ":" + hex; }
  /// The first letters, for messages.
  std::string short_text() const { return algorithm + ":" + hex.substr(0, 12); }

  friend bool operator==(const Digest&, const Digest&) = default;
  friend auto operator<=>(const Digest&, const Digest&) = default;  // NOLINT(modernize-use-nullptr): a false alarm
};

/// Throws Error(Corrupt) for what is no digest, Error(Unsupported) for an algorithm that isn't known here.
Digest parse_digest(std::string_view text);

/// True if it is 64 letters of lower-case hexadecimal, as the image IDs that `docker save` names files by.
bool is_sha256_hex(std::string_view text);

/// Hashes bytes that come piece by piece. For one thread at a time.
class Hasher {
 public:
  /// `algorithm` is one that a Digest has.
  explicit Hasher(std::string_view algorithm);

  void update(std::span<const std::byte> bytes);
  /// The digest of everything so far. Afterwards the hasher begins anew.
  Digest finish();

 private:
  const nettle_hash* hash_;
  std::vector<std::uint64_t> state_;  // aligned for nettle's
};

Digest digest_of(std::span<const std::byte> bytes, std::string_view algorithm);

}  // namespace fstool::oci

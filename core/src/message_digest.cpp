#include "message_digest.h"

#include <fmt/format.h>
#include <nettle/nettle-meta.h>

#include <cstdint>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool {

namespace {

const nettle_hash& find_algorithm(std::string_view name) {
  for (const nettle_hash* hash : {&nettle_sha256, &nettle_sha512, &nettle_sha1, &nettle_md5}) {
    if (name == hash->name) return *hash;
  }
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("there is no hash \"{}\": choose sha256, sha512, sha1 or md5", name));
}

}  // namespace

struct MessageDigest::Impl {
  explicit Impl(const nettle_hash& with) : algorithm(with), state(div_ceil(with.context_size, sizeof(std::uint64_t))) {
    algorithm.init(state.data());
  }

  const nettle_hash& algorithm;
  std::vector<std::uint64_t> state;  ///< aligned for what it holds
};

MessageDigest::MessageDigest(std::string_view algorithm) : impl_(std::make_unique<Impl>(find_algorithm(algorithm))) {}
MessageDigest::~MessageDigest() = default;
MessageDigest::MessageDigest(MessageDigest&&) noexcept = default;
MessageDigest& MessageDigest::operator=(MessageDigest&&) noexcept = default;

void MessageDigest::update(std::span<const std::byte> bytes) {
  impl_->algorithm.update(impl_->state.data(), bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

std::vector<std::byte> MessageDigest::finish() {
  std::vector<std::byte> hash(impl_->algorithm.digest_size);
  // This also makes the state as new.
  impl_->algorithm.digest(impl_->state.data(), hash.size(), reinterpret_cast<std::uint8_t*>(hash.data()));
  return hash;
}

std::string hex_text(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte >> 4U)];
    text += kDigits[std::to_integer<unsigned>(byte & std::byte{0xF})];
  }
  return text;
}

}  // namespace fstool

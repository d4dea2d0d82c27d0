#include "block_hasher.h"

#include <nettle/nettle-meta.h>

#include <algorithm>
#include <utility>

#include "fstool/size.h"

namespace fstool::verity {
namespace {

constexpr const nettle_hash* kHashes[] = {&nettle_sha1, &nettle_sha224, &nettle_sha256, &nettle_sha384, &nettle_sha512};

void update(const nettle_hash& hash, std::vector<std::uint64_t>& state, std::span<const std::byte> bytes) {
  hash.update(state.data(), bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

}  // namespace

const nettle_hash* find_hash(std::string_view name) {
  const auto found = std::ranges::find_if(kHashes, [&](const nettle_hash* hash) { return name == hash->name; });
  return found == std::end(kHashes) ? nullptr : *found;
}

std::size_t digest_size(const nettle_hash& hash) { return hash.digest_size; }

std::vector<std::string> hash_names() {
  std::vector<std::string> names;
  for (const nettle_hash* const hash : kHashes) names.emplace_back(hash->name);
  return names;
}

BlockHasher::BlockHasher(const nettle_hash& hash, HashType type, std::vector<std::byte> salt)
    : hash_(&hash), begin_(div_ceil(hash.context_size, sizeof(std::uint64_t))) {
  hash.init(begin_.data());
  if (type == HashType::Normal) {
    update(hash, begin_, salt);
  } else {
    salt_behind_ = std::move(salt);
  }
  state_.resize(begin_.size());
}

std::size_t BlockHasher::digest_bytes() const { return hash_->digest_size; }

void BlockHasher::hash(std::span<const std::byte> block, std::span<std::byte> digest) {
  std::ranges::copy(begin_, state_.begin());
  update(*hash_, state_, block);
  update(*hash_, state_, salt_behind_);
  hash_->digest(state_.data(), digest.size(), reinterpret_cast<std::uint8_t*>(digest.data()));
}

std::vector<std::byte> BlockHasher::hash(std::span<const std::byte> block) {
  std::vector<std::byte> digest(digest_bytes());
  hash(block, digest);
  return digest;
}

}  // namespace fstool::verity

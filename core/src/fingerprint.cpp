#include <nettle/sha2.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "fstool/reuse.h"

namespace fstool {

namespace {

constexpr std::uint64_t kReadBytes = 64 * 1024;

void update(sha256_ctx& hash, const void* bytes, std::size_t size) {
  sha256_update(&hash, size, static_cast<const std::uint8_t*>(bytes));
}

}  // namespace

struct Fingerprint::Impl {
  sha256_ctx hash;
};

Fingerprint::Fingerprint() : impl_(std::make_unique<Impl>()) { sha256_init(&impl_->hash); }
Fingerprint::~Fingerprint() = default;

EarlierOutput::~EarlierOutput() = default;

void Fingerprint::add_head(char kind, std::uint64_t length) {
  update(impl_->hash, &kind, sizeof kind);
  update(impl_->hash, &length, sizeof length);
}

void Fingerprint::add_hole(std::uint64_t length) { add_head('H', length); }

void Fingerprint::add_bytes(std::span<const std::byte> bytes) {
  add_head('B', bytes.size());
  update(impl_->hash, bytes.data(), bytes.size());
}

void Fingerprint::add_range(std::string_view source, std::uint64_t offset, std::uint64_t length) {
  add_head('R', source.size());
  update(impl_->hash, source.data(), source.size());
  update(impl_->hash, &offset, sizeof offset);
  update(impl_->hash, &length, sizeof length);
}

PieceKey Fingerprint::finish() {
  PieceKey key;
  sha256_digest(&impl_->hash, key.size(), reinterpret_cast<std::uint8_t*>(key.data()));
  return key;
}

bool is_settled(std::int64_t changed_at) {
  constexpr std::int64_t kLongestTick = 2;  // seconds, of FAT
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return changed_at + kLongestTick < std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

void Blob::fingerprint(std::uint64_t offset, std::uint64_t length, Fingerprint& out) const {
  std::vector<std::byte> buffer(std::min(length, kReadBytes));
  while (length != 0) {
    const auto bytes = std::span(buffer).first(std::min<std::uint64_t>(length, buffer.size()));
    read(offset, bytes);
    out.add_bytes(bytes);
    offset += bytes.size();
    length -= bytes.size();
  }
}

}  // namespace fstool

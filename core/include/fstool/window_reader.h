/// \file
/// WindowReader: small structures that lie all over a Blob, read in pieces of a size that is worth a system call.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include "fstool/blob.h"

namespace fstool {

/// Keeps the bytes around the last place that was read. Reading onwards in small steps costs few reads, and a jump
/// reads little that isn't needed. For one thread. The Blob must outlive it.
class WindowReader {
 public:
  explicit WindowReader(const Blob& blob) : blob_(blob), size_(blob.size()) {}

  const Blob& blob() const noexcept { return blob_; }
  /// The size of the Blob in bytes.
  std::uint64_t size() const noexcept { return size_; }

  /// Fills `out` with the bytes from `offset` on, at most kWindowBytes; false if the Blob ends before. Throws as
  /// Blob::read().
  bool read(std::uint64_t offset, std::span<std::byte> out) {
    if (offset > size_ || out.size() > size_ - offset) return false;
    if (offset < begin_ || offset - begin_ > length_ || out.size() > length_ - (offset - begin_)) load(offset);
    std::memcpy(out.data(), window_.data() + (offset - begin_), out.size());
    return true;
  }

  /// The structure at `offset`; nothing if the Blob ends before it does. Throws as Blob::read().
  template <class Struct>
  std::optional<Struct> get(std::uint64_t offset) {
    static_assert(std::is_trivially_copyable_v<Struct> && sizeof(Struct) <= kWindowBytes);
    Struct value;
    if (!read(offset, std::as_writable_bytes(std::span(&value, 1)))) return std::nullopt;
    return value;
  }

  static constexpr std::size_t kWindowBytes = 512;

 private:
  void load(std::uint64_t offset) {
    begin_ = offset;
    length_ = 0;  // if the read throws
    const auto bytes = std::span(window_).first(std::min<std::uint64_t>(kWindowBytes, size_ - offset));
    blob_.read(offset, bytes);
    length_ = bytes.size();
  }

  const Blob& blob_;
  std::uint64_t size_;
  std::uint64_t begin_ = 0;
  std::size_t length_ = 0;
  std::array<std::byte, kWindowBytes> window_{};
};

}  // namespace fstool

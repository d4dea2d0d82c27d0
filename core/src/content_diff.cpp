#include "content_diff.h"

#include <sys/stat.h>

#include <algorithm>

namespace fstool {
namespace {

constexpr std::uint64_t kBufferBytes = 256 * 1024;

bool is_same_file(const HostFile& a, const HostFile& b) {
  if (&a == &b) return true;
  struct stat a_status {};
  struct stat b_status {};
  return ::fstat(a.fd(), &a_status) == 0 && ::fstat(b.fd(), &b_status) == 0 && a_status.st_dev == b_status.st_dev &&
         a_status.st_ino == b_status.st_ino;
}

/// True if both have the `length` bytes from `offset` at the same place of the host.
bool is_same_place(const Blob& a, const Blob& b, std::uint64_t offset, std::uint64_t length) {
  if (length < kHostCopyThreshold) return false;
  const std::optional<HostRange> a_range = a.host_range(offset, length);
  if (!a_range) return false;
  const std::optional<HostRange> b_range = b.host_range(offset, length);
  return b_range && a_range->offset == b_range->offset && is_same_file(*a_range->file, *b_range->file);
}

}  // namespace

std::optional<std::uint64_t> ContentComparer::first_difference(const Blob& a, const Blob& b) {
  if (&a == &b) {
    context_.advance(a.size());
    return std::nullopt;
  }
  const std::uint64_t size = a.size();
  for (std::uint64_t at = 0; at < size;) {
    const Run a_run = a.run_at(at);
    const Run b_run = b.run_at(at);
    const std::uint64_t length = std::min({a_run.length, b_run.length, size - at});
    if ((a_run.hole && b_run.hole) || is_same_place(a, b, at, length)) {
      context_.advance(length);
    } else if (const auto difference = compare_data(a, b, at, length)) {
      return difference;
    }
    at += length;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> ContentComparer::compare_data(const Blob& a, const Blob& b, std::uint64_t offset,
                                                           std::uint64_t length) {
  if (!buffers_) buffers_ = std::make_unique_for_overwrite<std::byte[]>(2 * kBufferBytes);
  for (const std::uint64_t end = offset + length; offset < end;) {
    const std::uint64_t part = std::min(kBufferBytes, end - offset);
    const std::span<std::byte> a_bytes(buffers_.get(), part);
    const std::span<std::byte> b_bytes(buffers_.get() + kBufferBytes, part);
    a.read(offset, a_bytes);
    b.read(offset, b_bytes);
    const auto mismatch = std::ranges::mismatch(a_bytes, b_bytes).in1;
    if (mismatch != a_bytes.end()) return offset + static_cast<std::uint64_t>(mismatch - a_bytes.begin());
    offset += part;
    context_.advance(part);
  }
  return std::nullopt;
}

}  // namespace fstool

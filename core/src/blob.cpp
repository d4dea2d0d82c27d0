#include "fstool/blob.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool {

HostFile::~HostFile() = default;
Blob::~Blob() = default;

Run Blob::run_at(std::uint64_t offset) const { return {size() - offset, false}; }

std::optional<HostRange> Blob::host_range(std::uint64_t /*offset*/, std::uint64_t /*length*/) const {
  return std::nullopt;
}

std::vector<DataExtent> data_extents(const Blob& blob, std::uint64_t offset, std::uint64_t length,
                                     std::uint64_t granularity) {
  const std::uint64_t end = offset + length;
  std::vector<DataExtent> extents;
  std::uint64_t position = offset;
  while (position < end) {
    const Run run = blob.run_at(position);
    const std::uint64_t run_end = position + std::min(run.length, end - position);
    if (run.hole) {
      position = run_end;
      continue;
    }
    // `offset` is a multiple of the granularity, so rounding down stays inside; rounding up is cut at the end. What
    // lies between the run and the rounded end belongs to the extent whatever it is, so the search goes on behind it.
    const std::uint64_t first = position & ~(granularity - 1);
    const std::uint64_t slack = (granularity - (run_end & (granularity - 1))) & (granularity - 1);
    const std::uint64_t last = run_end + std::min(slack, end - run_end);
    if (!extents.empty() && extents.back().offset + extents.back().length >= first) {
      extents.back().length = last - extents.back().offset;
    } else {
      extents.push_back({first, last - first});
    }
    position = last;
  }
  return extents;
}

std::vector<std::byte> read_all(const Blob& blob, std::uint64_t limit) {
  const std::uint64_t size = blob.size();
  if (size > limit) {
    throw Error(ErrorCode::Unsupported, fmt::format("{} are too large to be read at once: at most {} are supported",
                                                    format_size(size), format_size(limit)));
  }
  std::vector<std::byte> bytes(size);
  blob.read(0, bytes);
  return bytes;
}

bool is_zero(std::span<const std::byte> bytes) noexcept {
  // All bytes are zero if the first few are and each equals the one a few places before it: memcmp() is vectorised.
  constexpr std::size_t kHead = 16;
  const auto head = bytes.first(std::min(bytes.size(), kHead));
  if (std::any_of(head.begin(), head.end(), [](std::byte byte) { return byte != std::byte{0}; })) return false;
  return bytes.size() <= kHead || std::memcmp(bytes.data(), bytes.data() + kHead, bytes.size() - kHead) == 0;
}

}  // namespace fstool

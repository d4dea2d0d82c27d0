#include "blob_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <span>
#include <vector>

#include "check_run.h"
#include "parallel.h"

namespace fstool::conformance {

namespace {

using ByteVector = std::vector<std::byte>;

constexpr unsigned kRandomReads = 60;
constexpr std::uint64_t kLongestRandomRead = 100'000;
constexpr unsigned kMostRuns = 64;
constexpr std::uint64_t kMostBytesOfRun = 64 * 1024;

void require_run(const Run& run, std::uint64_t offset, std::uint64_t size) {
  require(run.length > 0, fmt::format("the run at {} is empty", offset));
  require(run.length <= size - offset, fmt::format("the run at {} ends behind the end", offset));
}

std::span<const std::byte> part(const ByteVector& whole, std::uint64_t offset, std::uint64_t length) {
  return std::span(whole).subspan(offset, length);
}

void require_runs(const Blob& blob, const ByteVector& whole) {
  for (std::uint64_t offset = 0; offset < whole.size();) {
    const Run run = blob.run_at(offset);
    require_run(run, offset, whole.size());
    require(!run.hole || is_zero(part(whole, offset, run.length)),
            fmt::format("the hole of {} bytes at {} has bytes that aren't zero", run.length, offset));
    offset += run.length;
  }
}

/// Reads anywhere, and asks for runs anywhere.
void require_random_reads(const Blob& blob, const ByteVector& whole, unsigned seed) {
  std::mt19937_64 random(seed);
  ByteVector read;
  for (unsigned i = 0; i < kRandomReads && !whole.empty(); ++i) {
    const std::uint64_t offset = random() % whole.size();
    const std::uint64_t longest = i % 4 == 0 ? kLongestRandomRead : 600;
    const std::uint64_t length = std::min<std::uint64_t>(random() % longest, whole.size() - offset);
    read.assign(length, std::byte{0xa5});
    blob.read(offset, read);
    require(std::ranges::equal(read, part(whole, offset, length)),
            fmt::format("the {} bytes at {} are others than before", length, offset));
    const Run run = blob.run_at(offset);
    require_run(run, offset, whole.size());
    require(!run.hole || is_zero(part(whole, offset, run.length)),
            fmt::format("the hole of {} bytes at {} has bytes that aren't zero", run.length, offset));
  }
}

}  // namespace

void require_consistent(const Blob& blob, unsigned threads) {
  const ByteVector whole = read_all(blob, kMostBytesOfBlob);
  require_runs(blob, whole);
  require_random_reads(blob, whole, 0);
  ByteVector nothing;
  blob.read(blob.size(), nothing);
  on_threads(threads, [&](unsigned thread) { require_random_reads(blob, whole, thread + 1); });
}

void require_same_bytes(const Blob& actual, const Blob& expected, bool may_be_larger) {
  const bool size_is_right = may_be_larger ? actual.size() >= expected.size() : actual.size() == expected.size();
  require(size_is_right, fmt::format("{} bytes instead of {}", actual.size(), expected.size()));
  const ByteVector ours = read_all(actual, kMostBytesOfBlob);
  const ByteVector theirs = read_all(expected, kMostBytesOfBlob);
  const auto difference = std::ranges::mismatch(ours, theirs);
  require(difference.in2 == theirs.end(), fmt::format("byte {} is another one", difference.in2 - theirs.begin()));
  require(is_zero(std::span(ours).subspan(theirs.size())), "what lies behind the end is not zero");
}

void read_some(const Blob& blob) {
  ByteVector bytes;
  std::uint64_t offset = 0;
  for (unsigned runs = 0; runs < kMostRuns && offset < blob.size(); ++runs) {
    const Run run = blob.run_at(offset);
    require_run(run, offset, blob.size());
    bytes.resize(std::min(run.length, kMostBytesOfRun));
    blob.read(offset, bytes);
    require(!run.hole || is_zero(bytes), fmt::format("the hole at {} has bytes that aren't zero", offset));
    offset += run.length;
  }
}

}  // namespace fstool::conformance

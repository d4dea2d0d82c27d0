#include "walk_blob.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "walking.h"

namespace fstool::fuzz {

namespace {

constexpr std::uint64_t kMaxRuns = 64;
constexpr std::uint64_t kMaxBytesOfRun = 16 * 1024;
constexpr std::size_t kBytesOfPart = 100;

}  // namespace

void read_runs(const Blob& blob) {
  std::vector<std::byte> whole;
  std::vector<std::byte> part;
  std::uint64_t offset = 0;
  for (std::uint64_t runs = 0; runs < kMaxRuns && offset < blob.size(); ++runs) {
    const Run run = blob.run_at(offset);
    require(run.length > 0 && run.length <= blob.size() - offset, "a run has an impossible length");
    blob.host_range(offset, run.length);
    whole.resize(std::min(run.length, kMaxBytesOfRun));
    blob.read(offset, whole);
    require(!run.hole || is_zero(whole), "a hole is not zero");
    part.resize(std::min(whole.size(), kBytesOfPart));
    blob.read(offset + whole.size() - part.size(), part);
    require(std::ranges::equal(part, std::span(whole).last(part.size())), "a part reads in another way than the whole");
    offset += run.length;
  }
  if (blob.size() > 0) blob.read(blob.size() - 1, std::span(part).first(0));
}

}  // namespace fstool::fuzz

#include "usage/block_usage.h"

#include <algorithm>
#include <utility>

#include "fstool/size.h"

namespace fstool::ext4 {

namespace {

void append(std::vector<UsedRange>& ranges, std::uint64_t begin, std::uint64_t end, Use use) {
  if (begin >= end) return;
  if (!ranges.empty() && ranges.back().use == use) {
    ranges.back().range.length += end - begin;
  } else {
    ranges.push_back({{begin, end - begin}, use});
  }
}

}  // namespace

void give_clusters_to_their_users(std::vector<UsedRange>& ranges, std::uint64_t cluster_bytes) {
  std::vector<UsedRange> result;
  result.reserve(ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    std::uint64_t begin = ranges[i].range.offset;
    std::uint64_t end = ranges[i].range.end();
    const Use use = ranges[i].use;
    if (use != Use::Unaccounted) {
      append(result, begin, end, use);
      continue;
    }
    if (i > 0 && ranges[i - 1].use != Use::Free) {
      const std::uint64_t cut = std::min(round_up(begin, cluster_bytes), end);
      append(result, begin, cut, ranges[i - 1].use);
      begin = cut;
    }
    const bool has_next = i + 1 < ranges.size() && ranges[i + 1].use != Use::Free;
    const std::uint64_t cut = has_next ? std::max(end / cluster_bytes * cluster_bytes, begin) : end;
    append(result, begin, cut, use);
    if (has_next) append(result, cut, end, ranges[i + 1].use);
  }
  ranges = std::move(result);
}

}  // namespace fstool::ext4

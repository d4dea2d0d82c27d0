#include "check/cluster_claims.h"

#include <fmt/format.h>

#include <algorithm>

#include "fstool/size.h"

namespace fstool::fat {

namespace {

/// Memory goes by what the image has, not by what it claims to have.
std::uint32_t end_in_image(const VolumeState& volume) {
  const Geometry& geometry = volume.geometry;
  const std::uint64_t size = volume.image->size();
  if (size <= geometry.data_offset()) return kFirstCluster;
  const std::uint64_t clusters = div_ceil(size - geometry.data_offset(), geometry.cluster_size());
  return kFirstCluster + static_cast<std::uint32_t>(std::min<std::uint64_t>(clusters, geometry.clusters));
}

bool contains(const ClusterChain& chain, std::uint32_t cluster) {
  return std::ranges::any_of(
      chain.runs, [&](const ClusterRun& run) { return cluster >= run.first && cluster - run.first < run.count; });
}

}  // namespace

ClusterClaims::ClusterClaims(const VolumeState& volume)
    : volume_(volume), end_(end_in_image(volume)), is_taken_(end_) {}

ClusterChain ClusterClaims::claim(std::uint32_t first) {
  ClusterChain chain;
  if (!volume_.geometry.has_cluster(first)) {
    chain.damage = first == 0 ? "it has no clusters" : fmt::format("it begins at {}, which is no cluster", first);
    return chain;
  }
  for (std::uint32_t cluster = first;;) {
    if (cluster >= end_) {
      chain.damage = fmt::format("cluster {} lies behind the end of the image", cluster);
      return chain;
    }
    if (is_taken_[cluster]) {
      chain.damage = contains(chain, cluster)
                         ? fmt::format("its chain of clusters comes back to cluster {}", cluster)
                         : fmt::format("cluster {} belongs to it and to a file that was checked before", cluster);
      return chain;
    }
    is_taken_[cluster] = true;
    ++chain.clusters;
    if (!chain.runs.empty() && chain.runs.back().first + chain.runs.back().count == cluster) {
      ++chain.runs.back().count;
    } else {
      chain.runs.push_back({cluster, 1});
    }
    const Link link = volume_.fat.link(cluster);
    if (link.kind == LinkKind::End) return chain;
    if (link.kind != LinkKind::Next) {
      chain.damage = describe_break(cluster, link);
      return chain;
    }
    cluster = link.value;
  }
}

ClusterClaims::Rest ClusterClaims::count_rest() const {
  Rest rest;
  volume_.fat.scan([&](std::uint32_t first, std::uint32_t count, std::uint32_t entry) {
    if (first >= end_) return;
    const auto begin = is_taken_.begin() + first;
    const auto untaken = static_cast<std::uint32_t>(std::count(begin, begin + std::min(count, end_ - first), false));
    if (untaken == 0) return;
    switch (volume_.fat.classify(entry).kind) {
      case LinkKind::Free:
        rest.free += untaken;
        break;
      case LinkKind::Bad:
        break;
      case LinkKind::Next:
      case LinkKind::End:
      case LinkKind::OutOfRange:
        if (rest.lost == 0) rest.first_lost = first;
        rest.lost += untaken;
        break;
    }
  });
  return rest;
}

}  // namespace fstool::fat

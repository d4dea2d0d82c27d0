#include "read/cluster_chain.h"

#include <fmt/format.h>

namespace fstool::fat {

ClusterChain read_chain(const FatTable& fat, const Geometry& geometry, std::uint32_t first, std::uint64_t limit) {
  ClusterChain chain;
  if (limit == 0) return chain;
  if (!geometry.has_cluster(first)) {
    chain.damage = first == 0 ? "it has no clusters" : fmt::format("it begins at {}, which is no cluster", first);
    return chain;
  }
  // Brent's algorithm: a mark that is moved on at each power of two is met again if the chain is a loop.
  std::uint32_t mark = 0;
  std::uint64_t next_mark = 1;
  std::uint32_t cluster = first;
  while (true) {
    if (cluster == mark) {
      chain.damage = fmt::format("its chain of clusters comes back to cluster {}", cluster);
      return chain;
    }
    if (!chain.runs.empty() && chain.runs.back().first + chain.runs.back().count == cluster) {
      ++chain.runs.back().count;
    } else {
      chain.runs.push_back({cluster, 1});
    }
    if (++chain.clusters == next_mark) {
      mark = cluster;
      next_mark *= 2;
    }
    if (chain.clusters == limit) return chain;
    const Link link = fat.link(cluster);
    if (link.kind == LinkKind::End) return chain;
    if (link.kind != LinkKind::Next) {
      chain.damage = describe_break(cluster, link);
      return chain;
    }
    cluster = link.value;
  }
}

}  // namespace fstool::fat

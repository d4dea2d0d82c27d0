#include "write/placement.h"

#include <algorithm>

#include "fstool/size.h"

namespace fstool::fat {

Placement::Placement(const Contents& contents, const Geometry& geometry)
    : first_cluster_(contents.tree().node_count()) {
  chains_.reserve(contents.directories().size() + contents.files().size());
  const std::uint64_t cluster_size = geometry.cluster_size();
  for (const PlannedDirectory& directory : contents.directories()) {
    if (directory.is_root() && geometry.variant != Variant::Fat32) continue;
    place(directory.node, std::max<std::uint64_t>(1, directory.slots) * kSlotSize, cluster_size);
  }
  for (const NodeId file : contents.files()) place(file, contents.tree().node(file).content->size(), cluster_size);
}

void Placement::place(NodeId node, std::uint64_t bytes, std::uint64_t cluster_size) {
  first_cluster_[node] = end_;
  chains_.push_back(end_);
  end_ += static_cast<std::uint32_t>(div_ceil(bytes, cluster_size));
}

void Placement::fill_entries(std::uint32_t first, std::span<std::uint32_t> entries, std::uint32_t end_mark) const {
  auto next_chain = std::upper_bound(chains_.begin(), chains_.end(), first);
  std::uint32_t cluster = first;
  for (std::uint32_t& entry : entries) {
    if (cluster >= end_) {
      entry = 0;
    } else {
      const std::uint32_t chain_end = next_chain == chains_.end() ? end_ : *next_chain;
      entry = cluster + 1 == chain_end ? end_mark : cluster + 1;
      if (cluster + 1 == chain_end && next_chain != chains_.end()) ++next_chain;
    }
    ++cluster;
  }
}

}  // namespace fstool::fat

#include "write/cluster_index.h"

#include <cstring>
#include <utility>

namespace fstool::qcow2 {
namespace {

constexpr std::size_t kFirstSlots = 1024;

}  // namespace

ClusterIndex::ClusterIndex() : slots_(kFirstSlots) {}

const KnownCluster* ClusterIndex::find(const ClusterKey& key) const {
  const Slot& slot = slots_[place_of(key)];
  return slot.used() ? &slot.cluster : nullptr;
}

void ClusterIndex::put(const ClusterKey& key, const KnownCluster& cluster) {
  std::size_t place = place_of(key);
  if (!slots_[place].used()) {
    if (used_ == kMaxKnownClusters) return;
    if (used_ + 1 > slots_.size() / 4 * 3) {
      grow();
      place = place_of(key);
    }
    ++used_;
  }
  slots_[place] = {key, cluster};
}

std::size_t ClusterIndex::place_of(const ClusterKey& key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t place = 0;  // a key is as good as random
  std::memcpy(&place, key.data(), sizeof(place));
  for (place &= mask; slots_[place].used() && slots_[place].key != key;) place = (place + 1) & mask;
  return place;
}

void ClusterIndex::grow() {
  const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
  for (const Slot& slot : before) {
    if (slot.used()) slots_[place_of(slot.key)] = slot;
  }
}

}  // namespace fstool::qcow2

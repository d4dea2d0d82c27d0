#include "check/sector_uses.h"

#include <algorithm>

namespace fstool::vmdk {

bool SectorUses::is_free(std::uint64_t first, std::uint64_t end) const {
  while (first < end) {
    const std::uint64_t number = first / kSectorsOfPart;
    const std::uint64_t part_end = std::min(end, (number + 1) * kSectorsOfPart);
    if (const auto found = parts_.find(number); found != parts_.end()) {
      if (found->second.taken == nullptr) return false;
      for (std::uint64_t sector = first; sector < part_end; ++sector) {
        if (found->second.taken->test(sector % kSectorsOfPart)) return false;
      }
    }
    first = part_end;
  }
  return true;
}

bool SectorUses::take(std::uint64_t first, std::uint64_t count) {
  const std::uint64_t end = first + count;
  if (!is_free(first, end)) return false;
  while (first < end) {
    const std::uint64_t number = first / kSectorsOfPart;
    const std::uint64_t part_end = std::min(end, (number + 1) * kSectorsOfPart);
    Part& part = parts_[number];
    part.count += part_end - first;
    if (part.count == kSectorsOfPart) {
      part.taken.reset();
    } else {
      if (part.taken == nullptr) part.taken = std::make_unique<std::bitset<kSectorsOfPart>>();
      for (std::uint64_t sector = first; sector < part_end; ++sector) part.taken->set(sector % kSectorsOfPart);
    }
    first = part_end;
  }
  return true;
}

}  // namespace fstool::vmdk

#include "check/map_walk.h"

#include "check/extent_walk.h"
#include "check/indirect_walk.h"

namespace fstool::ext4 {

void walk_map(const VolumeState& volume, const MapRoot& root, MapVisitor& visitor) {
  if ((root.flags & kInodeExtents) != 0) {
    ExtentWalk(volume, root, visitor).run();
  } else {
    IndirectWalk(volume, root, visitor).run();
  }
}

}  // namespace fstool::ext4

#include "read/file_map.h"

#include <limits>

#include "read/extent_tree_reader.h"
#include "read/indirect_reader.h"

namespace fstool::ext4 {

void append_extent(FileMap& map, const MappedExtent& extent) {
  if (!map.empty()) {
    MappedExtent& last = map.back();
    const bool touches = last.logical_end() == extent.logical && last.physical + last.length == extent.physical &&
                         std::uint64_t{last.length} + extent.length <= std::numeric_limits<std::uint32_t>::max();
    if (touches) {
      last.length += extent.length;
      return;
    }
  }
  map.push_back(extent);
}

FileMap read_file_map(const VolumeState& volume, const MapRoot& root, std::uint64_t limit_blocks, BlockClaims& claims,
                      MapScope scope) {
  if ((root.flags & kInodeExtents) != 0) return ExtentTreeReader(volume, root, limit_blocks, claims, scope).read();
  return IndirectReader(volume, root, limit_blocks, claims).read();
}

}  // namespace fstool::ext4

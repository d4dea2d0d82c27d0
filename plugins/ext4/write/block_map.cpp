#include "write/block_map.h"

#include <algorithm>

#include "write/extent_tree.h"
#include "write/indirect.h"

namespace fstool::ext4 {

std::uint64_t BlockMap::block_count() const {
  std::uint64_t count = mapping_blocks.size();
  for (const Extent& extent : extents) count += extent.length;
  return count;
}

std::uint64_t count_mapping_blocks(std::span<const Extent> extents, const Profile& profile) {
  return profile.has_extents() ? extent_tree_blocks(count_disk_extents(extents), profile.block_size)
                               : indirect_blocks(extents, profile.block_size);
}

MappingBlocks build_mapping(const BlockMap& map, std::uint32_t inode, const Profile& profile) {
  return profile.has_extents() ? build_extent_tree(map.extents, map.mapping_blocks, profile.block_size,
                                                   profile.inode_checksum_seed(inode))
                               : build_indirect_map(map.extents, map.mapping_blocks, profile.block_size);
}

std::uint64_t max_file_blocks(const Profile& profile) {
  constexpr std::uint64_t kMaxLogicalBlocks = 0xFFFFFFFF;
  // Without huge_file, i_blocks counts 512-byte sectors in 32 bits, those of the map included.
  const bool huge = profile.features.has_ro_compat(kRoCompatHugeFile);
  const std::uint64_t sectors = (std::uint64_t{1} << (huge ? 48 : 32)) - 1;
  const std::uint64_t counted = sectors / (profile.block_size / 512);
  if (profile.has_extents()) return std::min(kMaxLogicalBlocks, counted);
  const std::uint64_t mappable = max_indirect_file_blocks(profile.block_size);
  const std::vector<Extent> whole = {{0, 0, std::min(mappable, counted)}};
  return std::min({kMaxLogicalBlocks, mappable, counted - indirect_blocks(whole, profile.block_size)});
}

}  // namespace fstool::ext4

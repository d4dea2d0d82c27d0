#include "write/geometry.h"

#include <algorithm>
#include <numeric>

#include "fstool/size.h"
#include "ondisk/group_descriptor.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint64_t kMaxBlocks = 0xFFFFFFFF;  // what a resize inode can address
/// An image can grow to this many times its size, as mke2fs provides for.
constexpr std::uint64_t kGrowthFactor = 1024;

/// Blocks behind the descriptors that descriptors of a larger file system may take.
std::uint32_t reserved_blocks(const Geometry& geometry, const Profile& profile) {
  if (!profile.has_resize_inode()) return 0;
  const std::uint64_t limit =
      profile.resize_limit > 0 ? profile.resize_limit / geometry.block_size : geometry.blocks * kGrowthFactor;
  const std::uint64_t grown = std::clamp(limit, geometry.blocks, kMaxBlocks);
  const std::uint64_t groups = div_ceil(grown - geometry.first_data_block, geometry.blocks_per_group);
  const std::uint64_t needed = div_ceil(groups * geometry.descriptor_size, geometry.block_size);
  const std::uint64_t extra = needed > geometry.descriptor_blocks ? needed - geometry.descriptor_blocks : 0;
  // The resize inode's double indirect block names each of them; and small groups shall have room for other things.
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(
      {extra, geometry.block_size / sizeof(std::uint32_t), std::uint64_t{geometry.blocks_per_group} / 2}));
}

/// Largest number of inodes in a group: one block of bitmap, and the limit of 16-bit counts.
std::uint32_t max_inodes_per_group(const Profile& profile) {
  return std::min(8 * profile.block_size, 65536 - profile.block_size / profile.inode_size);
}

void set_inode_tables(Geometry& geometry, const Profile& profile, std::uint64_t inodes) {
  const std::uint32_t per_block = profile.block_size / profile.inode_size;
  const std::uint32_t step = std::lcm(per_block, 8U);  // whole blocks of inodes, and whole bytes of bitmap
  const std::uint64_t wanted = round_up(std::max<std::uint64_t>(div_ceil(inodes, geometry.groups), 1), step);
  std::uint64_t most = max_inodes_per_group(profile);
  if (geometry.groups_per_flex == 1) {
    const std::uint64_t taken = geometry.superblock_area(0) + 2;
    const std::uint64_t left = geometry.blocks_per_group > taken ? geometry.blocks_per_group - taken : 0;
    most = std::min(most, left * per_block);
  }
  most = std::max<std::uint64_t>(most / step, 1) * step;
  geometry.inodes_per_group = static_cast<std::uint32_t>(std::min(wanted, most));
  geometry.inode_table_blocks = geometry.inodes_per_group / per_block;
}

}  // namespace

std::uint64_t Geometry::group_blocks(std::uint64_t group) const {
  return std::min<std::uint64_t>(blocks_per_group, blocks - group_first_block(group));
}

bool Geometry::has_superblock(std::uint64_t group) const { return has_superblock_copy(features, backup_groups, group); }

Geometry::DescriptorBlocks Geometry::descriptor_blocks_in(std::uint64_t group) const {
  if (!features.has_incompat(kIncompatMetaBg)) {
    return has_superblock(group) ? DescriptorBlocks{0, descriptor_blocks} : DescriptorBlocks{};
  }
  // The groups whose descriptors fill one block are a meta group; its first, second and last group hold that block.
  const std::uint32_t per_block = block_size / descriptor_size;
  const std::uint64_t member = group % per_block;
  const bool holds = member <= 1 || member + 1 == per_block;
  return {static_cast<std::uint32_t>(group / per_block), holds ? 1U : 0U};
}

std::uint64_t Geometry::superblock_area(std::uint64_t group) const {
  const bool superblock = has_superblock(group);
  return (superblock ? 1U : 0U) + descriptor_blocks_in(group).count + (superblock ? reserved_gdt_blocks : 0U);
}

std::uint64_t Geometry::overhead_blocks() const {
  std::uint64_t total = first_data_block;
  for (std::uint64_t group = 0; group < groups; ++group) total += superblock_area(group);
  return total + std::uint64_t{groups} * (2 + std::uint64_t{inode_table_blocks});
}

std::uint64_t Geometry::own_blocks(std::uint64_t group) const {
  return superblock_area(group) + (groups_per_flex == 1 ? 2 + std::uint64_t{inode_table_blocks} : 0);
}

std::uint64_t Geometry::min_blocks_with(std::uint64_t last_group) const {
  return group_first_block(last_group) + std::max<std::uint64_t>(own_blocks(last_group), 1);
}

bool Geometry::groups_are_large_enough() const {
  // No group has a larger area than the first one. A table can be cut down to one block: more groups hold the rest.
  const std::uint64_t own_tables = groups_per_flex == 1 ? 3 : 0;
  return superblock_area(0) + own_tables < blocks_per_group;
}

std::uint32_t max_blocks_per_group(std::uint32_t block_size) { return std::min(8 * block_size, 65536U - 8U); }

Geometry make_geometry(const Profile& profile, const GeometryRequest& request) {
  Geometry geometry;
  geometry.blocks = request.blocks;
  geometry.block_size = profile.block_size;
  geometry.inode_size = profile.inode_size;
  geometry.descriptor_size = profile.descriptor_size();
  geometry.first_data_block = profile.block_size == 1024 ? 1 : 0;
  geometry.blocks_per_group = request.blocks_per_group;
  geometry.groups_per_flex = profile.groups_per_flex;
  geometry.features = profile.features;
  while (true) {
    const std::uint64_t in_groups =
        std::max<std::uint64_t>(geometry.blocks, geometry.first_data_block + 1) - geometry.first_data_block;
    geometry.groups = static_cast<std::uint32_t>(div_ceil(in_groups, geometry.blocks_per_group));
    geometry.descriptor_blocks = static_cast<std::uint32_t>(
        div_ceil(std::uint64_t{geometry.groups} * geometry.descriptor_size, geometry.block_size));
    geometry.reserved_gdt_blocks = reserved_blocks(geometry, profile);
    geometry.backup_groups = {geometry.groups > 1 ? 1U : 0U, geometry.groups > 2 ? geometry.groups - 1 : 0U};
    set_inode_tables(geometry, profile, request.inodes);
    if (geometry.groups == 1 || geometry.blocks >= geometry.min_blocks()) return geometry;
    geometry.blocks = geometry.group_first_block(geometry.groups - 1);
  }
}

bool place_group_tables(const Geometry& geometry, GroupTables& tables, FreeRuns& free) {
  for (std::uint64_t group = 0; group < geometry.groups; ++group) {
    const std::uint64_t area = geometry.superblock_area(group);
    if (geometry.group_blocks(group) > area) {
      free.add(geometry.group_first_block(group) + area, geometry.group_blocks(group) - area);
    }
  }
  tables.block_bitmap.resize(geometry.groups);
  tables.inode_bitmap.resize(geometry.groups);
  tables.inode_table.resize(geometry.groups);
  for (std::uint64_t first = 0; first < geometry.groups; first += geometry.groups_per_flex) {
    const std::uint64_t end = std::min<std::uint64_t>(first + geometry.groups_per_flex, geometry.groups);
    const auto place = [&](std::vector<std::uint64_t>& places, std::uint64_t blocks) {
      for (std::uint64_t group = first; group < end; ++group) {
        const auto at = free.carve(geometry.group_first_block(first), blocks);
        if (!at) return false;
        const bool elsewhere =
            *at < geometry.group_first_block(group) || *at + blocks > geometry.group_first_block(group + 1);
        if (elsewhere && geometry.groups_per_flex == 1) return false;
        places[group] = *at;
      }
      return true;
    };
    if (!place(tables.block_bitmap, 1) || !place(tables.inode_bitmap, 1) ||
        !place(tables.inode_table, geometry.inode_table_blocks)) {
      return false;
    }
  }
  return true;
}

}  // namespace fstool::ext4

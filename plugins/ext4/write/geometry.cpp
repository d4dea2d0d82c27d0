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

bool is_power_of(std::uint64_t value, std::uint64_t base) {
  while (value % base == 0) value /= base;
  return value == 1;
}

/// Blocks behind the descriptors that descriptors of a larger file system may take.
std::uint32_t reserved_blocks(const Geometry& geometry) {
  const std::uint64_t grown = std::min(geometry.blocks * kGrowthFactor, kMaxBlocks);
  const std::uint64_t groups = div_ceil(grown - geometry.first_data_block, geometry.blocks_per_group);
  const std::uint64_t needed = div_ceil(groups * sizeof(GroupDescriptor), geometry.block_size);
  const std::uint64_t extra = needed > geometry.descriptor_blocks ? needed - geometry.descriptor_blocks : 0;
  // The resize inode's double indirect block names each of them.
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(extra, geometry.block_size / sizeof(std::uint32_t)));
}

}  // namespace

std::uint64_t Geometry::group_blocks(std::uint64_t group) const {
  return std::min<std::uint64_t>(blocks_per_group, blocks - group_first_block(group));
}

bool Geometry::has_superblock(std::uint64_t group) const {
  return group <= 1 || is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

std::uint64_t Geometry::superblock_area(std::uint64_t group) const {
  return has_superblock(group) ? std::uint64_t{1} + descriptor_blocks + reserved_gdt_blocks : 0;
}

std::uint64_t Geometry::overhead_blocks() const {
  std::uint64_t total = first_data_block;
  for (std::uint64_t group = 0; group < groups; ++group) total += superblock_area(group);
  return total + std::uint64_t{groups} * (2 + std::uint64_t{inode_table_blocks});
}

std::uint64_t Geometry::min_blocks() const {
  return group_first_block(groups - 1) + std::max<std::uint64_t>(superblock_area(groups - 1), 1);
}

std::uint32_t max_inodes_per_group(std::uint32_t block_size, std::uint32_t inode_size) {
  return std::min(8 * block_size, 65536 - block_size / inode_size);
}

Geometry make_geometry(const GeometryRequest& request) {
  Geometry geometry;
  geometry.blocks = request.blocks;
  geometry.block_size = request.block_size;
  geometry.inode_size = request.inode_size;
  geometry.first_data_block = request.block_size == 1024 ? 1 : 0;
  geometry.blocks_per_group = request.blocks_per_group;
  while (true) {
    const std::uint64_t in_groups =
        std::max<std::uint64_t>(geometry.blocks, geometry.first_data_block + 1) - geometry.first_data_block;
    geometry.groups = static_cast<std::uint32_t>(div_ceil(in_groups, geometry.blocks_per_group));
    geometry.descriptor_blocks = static_cast<std::uint32_t>(
        div_ceil(std::uint64_t{geometry.groups} * sizeof(GroupDescriptor), geometry.block_size));
    geometry.reserved_gdt_blocks = reserved_blocks(geometry);
    if (geometry.groups == 1 || geometry.blocks >= geometry.min_blocks()) break;
    geometry.blocks = geometry.group_first_block(geometry.groups - 1);
  }

  // Whole blocks of inodes, and whole bytes of bitmap.
  const std::uint32_t step = std::lcm(request.block_size / request.inode_size, 8U);
  const std::uint64_t wanted = round_up(std::max<std::uint64_t>(div_ceil(request.inodes, geometry.groups), 1), step);
  const std::uint32_t most = max_inodes_per_group(request.block_size, request.inode_size) / step * step;
  geometry.inodes_per_group = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, most));
  geometry.inode_table_blocks = geometry.inodes_per_group / (request.block_size / request.inode_size);
  return geometry;
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
  for (std::uint64_t first = 0; first < geometry.groups; first += kGroupsPerFlex) {
    const std::uint64_t end = std::min<std::uint64_t>(first + kGroupsPerFlex, geometry.groups);
    const auto place = [&](std::vector<std::uint64_t>& places, std::uint64_t blocks) {
      for (std::uint64_t group = first; group < end; ++group) {
        const auto at = free.carve(geometry.group_first_block(first), blocks);
        if (!at) return false;
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

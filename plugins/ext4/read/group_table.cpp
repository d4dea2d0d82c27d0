#include "read/group_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "fstool/error.h"
#include "ondisk/checksum_seed.h"

namespace fstool::ext4 {

GroupDescriptor descriptor_from(std::span<const std::byte> raw) {
  GroupDescriptor descriptor{};
  std::memcpy(&descriptor, raw.data(), std::min(raw.size(), sizeof(descriptor)));
  return descriptor;
}

bool is_sealed_descriptor(const Layout& layout, std::uint64_t group, std::span<const std::byte> raw) {
  const std::uint16_t recorded = descriptor_from(raw).checksum;
  constexpr std::size_t kBefore = offsetof(GroupDescriptor, checksum);
  constexpr std::size_t kBehind = kBefore + sizeof(GroupDescriptor::checksum);
  const little_uint32_t number(static_cast<std::uint32_t>(group));
  switch (layout.descriptor_checksum()) {
    case DescriptorChecksum::None:
      return true;
    case DescriptorChecksum::Crc16: {
      std::uint16_t crc = crc16(0xFFFF, layout.uuid);
      crc = crc16(crc, bytes_of(number));
      crc = crc16(crc, raw.first(kBefore));
      return crc16(crc, raw.subspan(kBehind)) == recorded;
    }
    case DescriptorChecksum::Crc32c: {
      std::uint32_t crc = crc32c_of(layout.checksum_seed, number);
      crc = crc32c(crc, raw.first(kBefore));
      crc = crc32c_of(crc, little_uint16_t(0));
      return (crc32c(crc, raw.subspan(kBehind)) & 0xFFFF) == recorded;
    }
  }
  return false;
}

GroupTable::GroupTable(const BlockReader& blocks, const Layout& layout, std::uint64_t copy_group)
    : blocks_(blocks), layout_(layout), copy_group_(copy_group), bytes_(layout.block_size) {}

void GroupTable::load(std::uint64_t index) {
  if (index == loaded_) return;
  loaded_ = UINT64_MAX;
  blocks_.read(layout_.descriptor_block(index, copy_group_), bytes_);
  loaded_ = index;
}

std::span<const std::byte> GroupTable::raw_in(std::uint64_t group) const {
  const std::size_t offset = (group % layout_.descriptors_per_block()) * layout_.descriptor_size;
  return std::span(bytes_).subspan(offset, layout_.descriptor_size);
}

bool GroupTable::is_stored(std::uint64_t group) const {
  const std::uint64_t block = layout_.descriptor_block(group / layout_.descriptors_per_block(), copy_group_);
  return blocks_.contains(block, 1) && !blocks_.stored_at(block, 1).missing;
}

GroupDescriptor GroupTable::descriptor(std::uint64_t group) {
  load(group / layout_.descriptors_per_block());
  return descriptor_in(group);
}

bool GroupTable::is_sealed(std::uint64_t group) {
  load(group / layout_.descriptors_per_block());
  return is_sealed_descriptor(layout_, group, raw_in(group));
}

bool GroupTable::has_inode_table(const GroupDescriptor& descriptor) const {
  const std::uint64_t bytes = std::uint64_t{layout_.inodes_per_group} * layout_.inode_size;
  const std::uint64_t block = inode_table_of(descriptor);
  return block > layout_.first_data_block && blocks_.contains(block, (bytes - 1) / layout_.block_size + 1);
}

std::uint64_t GroupTable::inode_table(std::uint64_t group) {
  const GroupDescriptor descriptor = this->descriptor(group);
  if (!has_inode_table(descriptor)) {
    throw Error(ErrorCode::Corrupt, fmt::format("block group {} has no inode table", group));
  }
  return inode_table_of(descriptor);
}

std::optional<GroupTable::FreeSpace> GroupTable::check(Context& context) {
  std::uint64_t free_clusters = 0;
  std::uint64_t free_inodes = 0;
  const auto missing = for_each(context, [&](std::uint64_t group, const GroupDescriptor& descriptor) {
    if (!is_sealed_descriptor(layout_, group, raw_in(group))) {
      context.report_damage(fmt::format("the checksum of block group {}'s descriptor is wrong", group));
    }
    if (!has_inode_table(descriptor)) {
      context.report_damage(fmt::format("block group {} has no inode table", group));
    }
    free_clusters += descriptor.free_blocks_count_lo | std::uint32_t{descriptor.free_blocks_count_hi} << 16;
    free_inodes += descriptor.free_inodes_count_lo | std::uint32_t{descriptor.free_inodes_count_hi} << 16;
  });
  if (missing) {
    context.report_damage(fmt::format("the descriptors of block groups from {} on are missing", *missing));
    return std::nullopt;
  }
  return FreeSpace{std::min(free_clusters * layout_.cluster_ratio, layout_.blocks), free_inodes};
}

}  // namespace fstool::ext4

#include "usage/group_usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::ext4 {

namespace {

/// Calls `visit(first, count)` for each run of bits that are set among the first `bits`.
template <class Visit>
void for_each_run(std::span<const std::byte> bitmap, std::size_t bits, Visit&& visit) {
  const auto byte_at = [&](std::size_t bit) { return std::to_integer<unsigned>(bitmap[bit / 8]); };
  const auto is_set = [&](std::size_t bit) { return (byte_at(bit) >> bit % 8 & 1U) != 0; };
  std::size_t bit = 0;
  const auto skip = [&](bool set, unsigned uniform) {
    while (bit < bits && is_set(bit) == set) bit += bit % 8 == 0 && byte_at(bit) == uniform ? 8 : 1;
    bit = std::min(bit, bits);
  };
  while (true) {
    skip(false, 0x00);
    if (bit >= bits) return;
    const std::size_t first = bit;
    skip(true, 0xFF);
    visit(first, bit - first);
  }
}

}  // namespace

GroupUsage::GroupUsage(OpenedVolume& volume, BlockUsage& usage)
    : volume_(volume), layout_(volume.state->layout), usage_(usage) {}

void GroupUsage::add_all(const std::function<void(std::uint32_t inode)>& sees_inode) {
  // With larger blocks, the boot sectors share one with the superblock.
  if (layout_.block_size == kSuperblockOffset) usage_.add(0, 1, Use::Reserved);
  volume_.groups.for_each(volume_.state->context, [&](std::uint64_t group, const GroupDescriptor& descriptor) {
    const GroupHead head = layout_.group_head(group);
    usage_.add(head.first, head.metadata, Use::Metadata);
    usage_.add(head.first + head.metadata, head.reserved, Use::Reserved);
    add_tables(descriptor);
    add_allocated(group, descriptor);
    if (sees_inode) list_inodes(group, descriptor, sees_inode);
  });
  if (layout_.features.has_incompat(kIncompatMmp)) usage_.add(volume_.superblock.mmp_block, 1, Use::Metadata);
}

void GroupUsage::add_tables(const GroupDescriptor& descriptor) {
  usage_.add(block_bitmap_of(descriptor), 1, Use::Metadata);
  usage_.add(inode_bitmap_of(descriptor), 1, Use::Metadata);
  const std::uint64_t bytes = std::uint64_t{layout_.inodes_per_group} * layout_.inode_size;
  if (volume_.groups.has_inode_table(descriptor)) {
    usage_.add(inode_table_of(descriptor), div_ceil(bytes, layout_.block_size), Use::Nodes);
  }
}

std::vector<std::byte> GroupUsage::read_bitmap(std::uint64_t group, const GroupDescriptor& descriptor,
                                               std::uint64_t block, std::uint16_t uninit) {
  const bool has_flags = layout_.descriptor_checksum() != DescriptorChecksum::None;
  if (has_flags && (descriptor.flags & uninit) != 0) return {};
  const auto report = [&](std::string_view what) {
    volume_.state->context.report_damage(fmt::format("block group {}: {}", group, what));
  };
  if (!bitmaps_.insert(block).second) {
    report(fmt::format("a bitmap of it, at block {}, is another one already", block));
    return {};
  }
  try {
    return volume_.state->blocks.read(block);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt) throw;
    report(fmt::format("a bitmap can't be read: {}", error.what()));
    return {};
  }
}

void GroupUsage::add_allocated(std::uint64_t group, const GroupDescriptor& descriptor) {
  const auto bitmap = read_bitmap(group, descriptor, block_bitmap_of(descriptor), kGroupBlockUninit);
  if (bitmap.empty()) return;  // nothing is allocated but what is known already
  const std::uint64_t first = layout_.group_first_block(group);
  const std::uint64_t blocks = std::min<std::uint64_t>(layout_.blocks_per_group, layout_.blocks - first);
  const std::uint64_t ratio = layout_.cluster_ratio;
  for_each_run(bitmap, div_ceil(blocks, ratio), [&](std::uint64_t cluster, std::uint64_t count) {
    const std::uint64_t begin = cluster * ratio;
    usage_.add_allocated(first + begin, std::min(count * ratio, blocks - begin));
  });
}

void GroupUsage::list_inodes(std::uint64_t group, const GroupDescriptor& descriptor,
                             const std::function<void(std::uint32_t inode)>& sees_inode) {
  const auto bitmap = read_bitmap(group, descriptor, inode_bitmap_of(descriptor), kGroupInodeUninit);
  const std::uint64_t before = group * layout_.inodes_per_group;
  if (bitmap.empty() || before >= layout_.inodes) return;
  for_each_run(bitmap, std::min<std::uint64_t>(layout_.inodes_per_group, layout_.inodes - before),
               [&](std::uint64_t first, std::uint64_t count) {
                 for (std::uint64_t i = first; i < first + count; ++i) {
                   sees_inode(static_cast<std::uint32_t>(before + i + 1));
                 }
               });
}

}  // namespace fstool::ext4

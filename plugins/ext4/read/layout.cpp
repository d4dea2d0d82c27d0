#include "read/layout.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstddef>

#include "fstool/error.h"
#include "ondisk/checksum_seed.h"
#include "ondisk/inode.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint32_t kReadableIncompat = kIncompatFiletype | kIncompatNeedsRecovery | kIncompatMetaBg |
                                            kIncompatExtents | kIncompat64bit | kIncompatMmp | kIncompatFlexBg |
                                            kIncompatEaInode | kIncompatChecksumSeed | kIncompatLargeDir |
                                            kIncompatInlineData | kIncompatEncrypt | kIncompatCasefold;

constexpr std::uint32_t kMaxLogBlockSize = 6;  // 64 KiB
constexpr std::uint32_t kOriginalFirstInode = 11;
constexpr std::uint32_t kSmallDescriptor = 32;
constexpr std::uint32_t kMaxDescriptor = 1024;
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 62;
constexpr std::uint64_t kMaxGroups = std::uint64_t{1} << 32;

[[noreturn]] void throw_corrupt(const std::string& what) {
  throw Error(ErrorCode::Corrupt, "the superblock is damaged: " + what);
}

void require(bool condition, const char* field, std::uint64_t value) {
  if (!condition) throw_corrupt(fmt::format("{} is {}", field, value));
}

void refuse_unreadable(const Features& features) {
  if (features.has_incompat(kIncompatJournalDevice)) {
    throw Error(ErrorCode::Unsupported, "this is an external journal (journal_dev) and not a file system");
  }
  const Features unknown{0, features.incompat & ~kReadableIncompat, 0};
  if (unknown.incompat != 0) {
    throw Error(ErrorCode::Unsupported, fmt::format("the file system has features that can't be read: {}",
                                                    fmt::join(feature_names(unknown), ", ")));
  }
}

void parse_groups(const Superblock& superblock, Layout& layout) {
  const std::uint32_t bits_in_block = layout.block_size * 8;
  if (layout.features.has_ro_compat(kRoCompatBigalloc)) {
    const std::uint32_t log_cluster = superblock.log_cluster_size;
    require(log_cluster >= superblock.log_block_size && log_cluster <= 20, "s_log_cluster_size", log_cluster);
    layout.cluster_ratio = 1U << (log_cluster - superblock.log_block_size);
    const std::uint32_t clusters = superblock.clusters_per_group;
    require(clusters > 0 && clusters <= bits_in_block, "s_clusters_per_group", clusters);
    require(layout.blocks_per_group == std::uint64_t{clusters} * layout.cluster_ratio, "s_blocks_per_group",
            layout.blocks_per_group);
  } else {
    require(layout.blocks_per_group > 0 && layout.blocks_per_group <= bits_in_block, "s_blocks_per_group",
            layout.blocks_per_group);
  }
  const std::uint64_t data_blocks = layout.blocks - layout.first_data_block;
  layout.groups = (data_blocks - 1) / layout.blocks_per_group + 1;
  require(layout.groups <= kMaxGroups, "the number of block groups", layout.groups);
  require(layout.inodes_per_group > 0 && layout.inodes_per_group <= bits_in_block, "s_inodes_per_group",
          layout.inodes_per_group);
  require(layout.inodes > kRootInode && layout.inodes <= layout.groups * layout.inodes_per_group, "s_inodes_count",
          layout.inodes);
}

void parse_inodes(const Superblock& superblock, Layout& layout) {
  if (superblock.rev_level == 0) {
    layout.inode_size = kOldInodeSize;
    layout.first_inode = kOriginalFirstInode;
    return;
  }
  layout.inode_size = superblock.inode_size;
  layout.first_inode = superblock.first_inode;
  require(std::has_single_bit(layout.inode_size) && layout.inode_size >= kOldInodeSize &&
              layout.inode_size <= layout.block_size,
          "s_inode_size", layout.inode_size);
  require(layout.first_inode > kRootInode, "s_first_ino", layout.first_inode);
}

void parse_checksums(const Superblock& superblock, Layout& layout) {
  layout.metadata_checksums = layout.features.has_ro_compat(kRoCompatMetadataCsum);
  if (layout.metadata_checksums) require(superblock.checksum_type == 1, "s_checksum_type", superblock.checksum_type);
  layout.checksum_seed = layout.features.has_incompat(kIncompatChecksumSeed) ? superblock.checksum_seed.value()
                                                                             : crc32c(~0U, superblock.uuid);
}

}  // namespace

DescriptorChecksum Layout::descriptor_checksum() const {
  if (metadata_checksums) return DescriptorChecksum::Crc32c;
  return features.has_ro_compat(kRoCompatUninitBg) ? DescriptorChecksum::Crc16 : DescriptorChecksum::None;
}

std::uint64_t Layout::descriptor_blocks() const { return (groups - 1) / descriptors_per_block() + 1; }

std::uint64_t Layout::descriptor_block(std::uint64_t index, std::uint64_t copy_group) const {
  if (!features.has_incompat(kIncompatMetaBg) || index < first_meta_bg) {
    // With blocks of 1 KiB and bigalloc, block 0 belongs to the first group, and the superblock is in block 1.
    const std::uint64_t superblock = copy_group == 0 ? kSuperblockOffset / block_size : group_first_block(copy_group);
    return superblock + 1 + index;
  }
  // A meta block group has its one block of descriptors in its first group, and copies in its second and last.
  const std::uint64_t group = index * descriptors_per_block() + (copy_group == 0 ? 0 : 1);
  const bool shifted = block_size == kSuperblockOffset && group == 0 && first_data_block == 0;
  return group_first_block(group) + (has_superblock(group) ? 1 : 0) + (shifted ? 1 : 0);
}

bool Layout::has_superblock(std::uint64_t group) const { return has_superblock_copy(features, backup_groups, group); }

GroupHead Layout::group_head(std::uint64_t group) const {
  GroupHead head;
  // With blocks of 1 KiB and bigalloc, block 0 belongs to the first group, and the superblock is in block 1.
  head.first = group == 0 ? kSuperblockOffset / block_size : group_first_block(group);
  head.metadata = has_superblock(group) ? 1 : 0;
  const bool meta_bg = features.has_incompat(kIncompatMetaBg);
  if (meta_bg && group / descriptors_per_block() >= first_meta_bg) {
    const std::uint64_t place = group % descriptors_per_block();
    if (place <= 1 || place + 1 == descriptors_per_block()) ++head.metadata;
  } else if (has_superblock(group)) {
    head.metadata += meta_bg ? std::min<std::uint64_t>(first_meta_bg, descriptor_blocks()) : descriptor_blocks();
    head.reserved = meta_bg ? 0 : reserved_descriptor_blocks;
  }
  return head;
}

bool has_valid_checksum(const Superblock& superblock) {
  if (!features_of(superblock).has_ro_compat(kRoCompatMetadataCsum)) return true;
  return crc32c(~0U, bytes_of(superblock).first(offsetof(Superblock, checksum))) == superblock.checksum;
}

Layout parse_layout(const Superblock& superblock) {
  if (superblock.magic != kSuperblockMagic) throw_corrupt("its magic number is missing");
  Layout layout;
  layout.features = features_of(superblock);
  refuse_unreadable(layout.features);

  require(superblock.log_block_size <= kMaxLogBlockSize, "s_log_block_size", superblock.log_block_size);
  layout.block_size = 1024U << superblock.log_block_size;
  layout.blocks = superblock.blocks_count_lo;
  if (layout.features.has_incompat(kIncompat64bit)) {
    layout.blocks |= std::uint64_t{superblock.blocks_count_hi} << 32;
  }
  layout.first_data_block = superblock.first_data_block;
  require(layout.first_data_block <= 1, "s_first_data_block", layout.first_data_block);
  require(layout.blocks > layout.first_data_block && layout.blocks <= kMaxBytes / layout.block_size, "s_blocks_count",
          layout.blocks);
  layout.blocks_per_group = superblock.blocks_per_group;
  layout.inodes = superblock.inodes_count;
  layout.inodes_per_group = superblock.inodes_per_group;
  parse_groups(superblock, layout);
  parse_inodes(superblock, layout);

  layout.descriptor_size = kSmallDescriptor;
  if (layout.features.has_incompat(kIncompat64bit)) {
    layout.descriptor_size = superblock.descriptor_size;
    require(std::has_single_bit(layout.descriptor_size) && layout.descriptor_size > kSmallDescriptor &&
                layout.descriptor_size <= kMaxDescriptor,
            "s_desc_size", layout.descriptor_size);
  }
  layout.first_meta_bg = superblock.first_meta_bg;
  layout.reserved_descriptor_blocks = superblock.reserved_gdt_blocks;
  layout.backup_groups = {superblock.backup_groups[0], superblock.backup_groups[1]};
  layout.uuid = superblock.uuid;
  parse_checksums(superblock, layout);
  for (std::size_t i = 0; i < layout.hash_seed.size(); ++i) layout.hash_seed[i] = superblock.hash_seed[i];
  layout.default_hash_version = superblock.default_hash_version;
  layout.unsigned_hash = (superblock.flags & kFlagUnsignedHash) != 0;
  return layout;
}

}  // namespace fstool::ext4

#include "check/group_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "check/bitmap_comparison.h"
#include "fstool/error.h"
#include "read/block_claims.h"
#include "read/group_table.h"

namespace fstool::ext4 {

namespace {

/// So many blocks of descriptors without anything in them are not the work of a file system.
constexpr std::uint64_t kMaxMissingBlocks = 64;

std::uint32_t join16(std::uint16_t low, std::uint16_t high) { return low | std::uint32_t{high} << 16; }

std::uint64_t inode_table_blocks(const Layout& layout) {
  return (std::uint64_t{layout.inodes_per_group} * layout.inode_size - 1) / layout.block_size + 1;
}

class DescriptorCheck {
 public:
  DescriptorCheck(CheckState& state, std::uint64_t copy_group)
      : state_(state),
        layout_(state.layout()),
        primary_(state.volume.blocks, state.layout(), copy_group),
        copy_(state.volume.blocks, state.layout(), first_copy(state.layout(), copy_group)) {}

  void run() {
    std::uint64_t missing = 0;
    bool stored = true;
    for (std::uint64_t group = 0; group < layout_.groups; ++group) {
      if (group % layout_.descriptors_per_block() == 0) {
        state_.context().check_cancelled();
        stored = primary_.is_stored(group);
        if (!stored) {
          damage(group, "its descriptor and those that follow in its block are missing");
          if (missing++ >= kMaxMissingBlocks) {
            throw Error(ErrorCode::Corrupt, "the block group descriptors are missing");
          }
        }
      }
      state_.groups.push_back(stored ? check(group) : keep_possible(group, with_copy(group, {})));
    }
  }

 private:
  static std::uint64_t first_copy(const Layout& layout, std::uint64_t copy_group) {
    if (copy_group != 0) return copy_group;
    for (std::uint64_t group = 1; group < std::min<std::uint64_t>(layout.groups, 4); ++group) {
      if (layout.has_superblock(group)) return group;
    }
    return 1;
  }

  GroupState check(std::uint64_t group) {
    GroupState result = state_of(primary_, group);
    if (!result.sound) {
      damage(group, "the checksum of its descriptor is wrong");
      result = with_copy(group, result);
    } else {
      check_fields(group, result);
    }
    return keep_possible(group, result);
  }

  void damage(std::uint64_t group, const std::string& what) {
    state_.context().report_damage(fmt::format("group {}: {}", group, what));
  }

  static GroupState state_of(GroupTable& table, std::uint64_t group) {
    const GroupDescriptor raw = table.descriptor(group);
    GroupState result;
    result.block_bitmap = block_bitmap_of(raw);
    result.inode_bitmap = inode_bitmap_of(raw);
    result.inode_table = inode_table_of(raw);
    result.free_clusters = join16(raw.free_blocks_count_lo, raw.free_blocks_count_hi);
    result.free_inodes = join16(raw.free_inodes_count_lo, raw.free_inodes_count_hi);
    result.directories = join16(raw.used_dirs_count_lo, raw.used_dirs_count_hi);
    result.unused_inodes = join16(raw.itable_unused_lo, raw.itable_unused_hi);
    result.block_bitmap_checksum = join16(raw.block_bitmap_checksum_lo, raw.block_bitmap_checksum_hi);
    result.inode_bitmap_checksum = join16(raw.inode_bitmap_checksum_lo, raw.inode_bitmap_checksum_hi);
    result.block_uninit = (raw.flags & kGroupBlockUninit) != 0;
    result.inode_uninit = (raw.flags & kGroupInodeUninit) != 0;
    result.known = true;
    result.sound = table.is_sealed(group);
    return result;
  }

  /// A damaged descriptor's places from its copy. What it says beyond that is not used: the copy's is out of date.
  GroupState with_copy(std::uint64_t group, GroupState damaged) {
    damaged.block_uninit = false;
    damaged.inode_uninit = false;
    damaged.unused_inodes = 0;
    if (!copy_.is_stored(group)) return damaged;
    const GroupState copy = state_of(copy_, group);
    if (!copy.sound) return damaged;
    damaged.block_bitmap = copy.block_bitmap;
    damaged.inode_bitmap = copy.inode_bitmap;
    damaged.inode_table = copy.inode_table;
    return damaged;
  }

  void check_fields(std::uint64_t group, const GroupState& found) {
    if (layout_.descriptor_checksum() == DescriptorChecksum::None) {
      if (found.block_uninit || found.inode_uninit || found.unused_inodes != 0) {
        damage(group, "parts are not initialised, which takes the feature uninit_bg or metadata_csum");
      }
    } else if (found.block_uninit && group + 1 == layout_.groups) {
      damage(group, "it is the last one and has no block bitmap");
    }
    if (found.unused_inodes > layout_.inodes_per_group) {
      damage(group, fmt::format("{} of its inodes are unused, of {}", found.unused_inodes, layout_.inodes_per_group));
    }
    if (found.free_clusters > state_.clusters_in_group(group)) {
      damage(group, fmt::format("its descriptor counts {} free blocks, of {}", found.free_clusters,
                                state_.clusters_in_group(group)));
    }
    if (found.free_inodes > layout_.inodes_per_group) {
      damage(group,
             fmt::format("its descriptor counts {} free inodes, of {}", found.free_inodes, layout_.inodes_per_group));
    }
  }

  /// `found` without the places that are impossible, which it reports.
  GroupState keep_possible(std::uint64_t group, GroupState found) {
    keep_possible(group, "block bitmap", 1, found.known, found.block_bitmap);
    keep_possible(group, "inode bitmap", 1, found.known, found.inode_bitmap);
    keep_possible(group, "inode table", inode_table_blocks(layout_), found.known, found.inode_table);
    found.unused_inodes = std::min(found.unused_inodes, layout_.inodes_per_group);
    if (layout_.descriptor_checksum() == DescriptorChecksum::None) {
      found.block_uninit = false;
      found.inode_uninit = false;
      found.unused_inodes = 0;
    }
    return found;
  }

  void keep_possible(std::uint64_t group, std::string_view what, std::uint64_t count, bool known,
                     std::uint64_t& block) {
    const std::uint64_t first = layout_.group_first_block(group);
    bool possible = block > layout_.first_data_block && state_.volume.blocks.contains(block, count);
    if (!layout_.features.has_incompat(kIncompatFlexBg)) {
      possible = possible && block >= first && block - first + count <= layout_.blocks_per_group;
    }
    if (possible) return;
    if (block != 0 || known) damage(group, fmt::format("its {} is at block {}, where it can't be", what, block));
    block = 0;
  }

  CheckState& state_;
  const Layout& layout_;
  GroupTable primary_;
  GroupTable copy_;
};

class CopyCheck {
 public:
  explicit CopyCheck(const CheckState& state) : state_(state), layout_(state.layout()) {}

  void run() {
    const bool meta_bg = layout_.features.has_incompat(kIncompatMetaBg);
    const std::uint64_t listed = meta_bg ? std::min<std::uint64_t>(layout_.first_meta_bg, layout_.descriptor_blocks())
                                         : layout_.descriptor_blocks();
    if (listed + 1 > layout_.blocks_per_group) {
      state_.context().report_damage("the block group descriptors don't fit into a block group");
      return;
    }
    if (listed > 0) {
      for (std::uint64_t group = 1; group < layout_.groups; ++group) {
        if (!layout_.has_superblock(group)) continue;
        for (std::uint64_t index = 0; index < listed; ++index) {
          if (!compare(index, layout_.group_first_block(group) + 1 + index, group)) break;
        }
      }
    }
    for (std::uint64_t index = listed; index < layout_.descriptor_blocks(); ++index) {
      // A meta block group has copies of its block of descriptors in its second and its last group.
      const std::uint64_t first = index * layout_.descriptors_per_block();
      for (const std::uint64_t group : {first + 1, first + layout_.descriptors_per_block() - 1}) {
        if (group >= layout_.groups || (group == first + 1 && layout_.descriptors_per_block() == 1)) continue;
        compare(index, layout_.group_first_block(group) + (layout_.has_superblock(group) ? 1 : 0), group);
      }
    }
  }

 private:
  /// Compares the copy of descriptor block `index` at `block`. False if the image does not have it.
  bool compare(std::uint64_t index, std::uint64_t block, std::uint64_t copy_group) {
    state_.context().check_cancelled();
    const BlockReader& blocks = state_.volume.blocks;
    if (!blocks.contains(block, 1) || blocks.stored_at(block, 1).missing) {
      state_.context().report_damage(
          fmt::format("the copy of the group descriptors in group {} is missing", copy_group));
      return false;
    }
    const std::vector<std::byte> bytes = blocks.read(block);
    const std::uint64_t first = index * layout_.descriptors_per_block();
    const std::uint64_t end = std::min<std::uint64_t>(first + layout_.descriptors_per_block(), state_.groups.size());
    for (std::uint64_t group = first; group < end; ++group) {
      const auto raw = std::span(bytes).subspan((group - first) * layout_.descriptor_size, layout_.descriptor_size);
      const GroupDescriptor copy = descriptor_from(raw);
      const GroupState& known = state_.groups[group];
      if (!is_sealed_descriptor(layout_, group, raw)) {
        report(copy_group, group, "has a wrong checksum");
      } else if (known.sound &&
                 (block_bitmap_of(copy) != known.block_bitmap || inode_bitmap_of(copy) != known.inode_bitmap ||
                  inode_table_of(copy) != known.inode_table)) {
        report(copy_group, group, "says that its bitmaps and table are elsewhere");
      }
    }
    return true;
  }

  void report(std::uint64_t copy_group, std::uint64_t group, std::string_view what) {
    state_.context().report_damage(
        fmt::format("group {}: the copy of its descriptor in group {} {}", group, copy_group, what));
  }

  const CheckState& state_;
  const Layout& layout_;
};

class MetadataClaim {
 public:
  explicit MetadataClaim(CheckState& state)
      : state_(state),
        layout_(state.layout()),
        stored_blocks_(std::min(layout_.blocks, state.volume.blocks.image()->size() / layout_.block_size + 1)) {}

  void run() {
    // With blocks of 1 KiB and bigalloc, the boot block is part of group 0.
    if (layout_.block_size == kSuperblockOffset && layout_.first_data_block == 0) add(0, 1);
    for (std::uint64_t group = 0; group < state_.groups.size(); ++group) {
      state_.context().check_cancelled();
      const GroupHead head = layout_.group_head(group);
      claim(group, "superblock and descriptors", head.first, head.metadata + head.reserved);
      const GroupState& found = state_.groups[group];
      claim(group, "block bitmap", found.block_bitmap, 1);
      claim(group, "inode bitmap", found.inode_bitmap, 1);
      claim(group, "inode table", found.inode_table, inode_table_blocks(layout_));
    }
    if (layout_.features.has_incompat(kIncompatMmp) && state_.superblock.mmp_block > layout_.first_data_block &&
        state_.superblock.mmp_block < layout_.blocks) {
      add(state_.superblock.mmp_block, 1);
    }
    for (std::uint64_t group = 0; group < state_.groups.size(); ++group) {
      if (state_.groups[group].block_uninit) count_own(group);
    }
  }

 private:
  void claim(std::uint64_t group, std::string_view what, std::uint64_t first, std::uint64_t count) {
    if ((first == 0 && what != "superblock and descriptors") || count == 0 || first >= layout_.blocks) return;
    count = std::min(count, layout_.blocks - first);
    if (!claims_.claim(first, count)) {
      state_.context().report_damage(
          fmt::format("group {}: its {} from block {} on overlaps other metadata", group, what, first));
    }
    add(first, count);
  }

  /// What the image has no room for takes no memory either.
  void add(std::uint64_t first, std::uint64_t count) {
    if (first >= stored_blocks_) return;
    const std::uint64_t last = std::min(first + count, stored_blocks_) - 1;
    const std::uint64_t cluster = state_.usage.cluster_of(first);
    state_.usage.add(cluster, state_.usage.cluster_of(last) - cluster + 1);
  }

  void count_own(std::uint64_t group) {
    std::vector<std::byte> bits(layout_.blocks_per_group / layout_.cluster_ratio / 8);
    state_.usage.copy_bitmap(group * bits.size() * 8, bits);
    state_.groups[group].metadata_clusters = static_cast<std::uint32_t>(count_bits(bits));
  }

  CheckState& state_;
  const Layout& layout_;
  const std::uint64_t stored_blocks_;
  BlockClaims claims_;
};

}  // namespace

void check_descriptors(CheckState& state, std::uint64_t copy_group) { DescriptorCheck(state, copy_group).run(); }
void check_descriptor_copies(const CheckState& state) { CopyCheck(state).run(); }
void claim_metadata(CheckState& state) { MetadataClaim(state).run(); }

}  // namespace fstool::ext4

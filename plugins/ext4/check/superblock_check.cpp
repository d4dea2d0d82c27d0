#include "check/superblock_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "fstool/error.h"
#include "ondisk/mmp.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint32_t kOriginalFirstInode = 11;
constexpr std::uint32_t kDynamicRevision = 1;
constexpr std::uint8_t kMaxLogFlex = 31;      // libext2fs and Linux
constexpr std::uint8_t kLastHashVersion = 6;  // SipHash, of casefolded and encrypted directories

class SuperblockCheck {
 public:
  SuperblockCheck(const CheckState& state, const FoundSuperblock& found)
      : state_(state), layout_(state.layout()), superblock_(state.superblock), found_(found) {}

  void run() {
    check_counts();
    check_features();
    check_state();
    check_mmp();
    for (std::uint64_t group = 1; group < layout_.groups && group <= state_.groups.size(); ++group) {
      if (layout_.has_superblock(group)) check_copy(group);
    }
  }

 private:
  void damage(const std::string& what) { state_.context().report_damage("the superblock: " + what); }
  void require(bool condition, std::string_view field, std::uint64_t value) {
    if (!condition) damage(fmt::format("{} is {}, which can't be", field, value));
  }

  void check_counts() {
    const std::uint64_t inodes = layout_.groups * layout_.inodes_per_group;
    if (inodes != layout_.inodes && inodes <= UINT32_MAX) {
      damage(
          fmt::format("it counts {} inodes, and its {} block groups have {}", layout_.inodes, layout_.groups, inodes));
    }
    const bool is_64bit = layout_.features.has_incompat(kIncompat64bit);
    const std::uint64_t reserved = superblock_.reserved_blocks_count_lo |
                                   (is_64bit ? std::uint64_t{superblock_.reserved_blocks_count_hi} << 32 : 0);
    require(reserved <= layout_.blocks / 2, "s_r_blocks_count", reserved);
    const std::uint32_t first_data_block =
        layout_.block_size == kSuperblockOffset && layout_.cluster_ratio == 1 ? 1 : 0;
    require(layout_.first_data_block == first_data_block, "s_first_data_block", layout_.first_data_block);
    require(layout_.cluster_ratio > 1 || superblock_.log_cluster_size == superblock_.log_block_size,
            "s_log_cluster_size", superblock_.log_cluster_size);
    require(superblock_.reserved_gdt_blocks <= layout_.block_size / sizeof(little_uint32_t), "s_reserved_gdt_blocks",
            superblock_.reserved_gdt_blocks);
    require(layout_.cluster_ratio > 1 || superblock_.clusters_per_group == superblock_.blocks_per_group,
            "s_clusters_per_group", superblock_.clusters_per_group);
    require(superblock_.rev_level <= kDynamicRevision, "s_rev_level", superblock_.rev_level);
    if (superblock_.rev_level == 0) return;
    require(superblock_.log_groups_per_flex <= kMaxLogFlex, "s_log_groups_per_flex", superblock_.log_groups_per_flex);
    require(layout_.first_inode >= kOriginalFirstInode && layout_.first_inode <= layout_.inodes, "s_first_ino",
            layout_.first_inode);
    require(superblock_.default_hash_version <= kLastHashVersion, "s_def_hash_version",
            superblock_.default_hash_version);
    const std::uint32_t extra_room = layout_.inode_size - kOldInodeSize;
    require(superblock_.min_extra_isize <= extra_room, "s_min_extra_isize", superblock_.min_extra_isize);
    require(superblock_.want_extra_isize <= extra_room, "s_want_extra_isize", superblock_.want_extra_isize);
  }

  void check_features() {
    const Features& features = layout_.features;
    const auto inode = [&](std::string_view field, std::uint32_t number) {
      require(number <= layout_.inodes, field, number);
    };
    if (features.has_compat(kCompatHasJournal)) {
      inode("s_journal_inum", superblock_.journal_inode);
      if (superblock_.journal_inode == 0 && superblock_.journal_device == 0) {
        damage("it has the feature has_journal, but no journal");
      }
      if (superblock_.journal_inode != 0 && superblock_.journal_device != 0) {
        damage("it has a journal in an inode and one on another device");
      }
    }
    if (features.has_ro_compat(kRoCompatQuota)) {
      inode("s_usr_quota_inum", superblock_.user_quota_inode);
      inode("s_grp_quota_inum", superblock_.group_quota_inode);
      inode("s_prj_quota_inum", superblock_.project_quota_inode);
    } else if (superblock_.user_quota_inode != 0 || superblock_.group_quota_inode != 0 ||
               superblock_.project_quota_inode != 0) {
      state_.context().warn("the superblock: it has files of quotas without the feature quota");
    }
    if (features.has_compat(kCompatOrphanFile)) {
      inode("s_orphan_file_inum", superblock_.orphan_file_inode);
    } else if (features.has_ro_compat(kRoCompatOrphanPresent)) {
      damage("it has the feature orphan_present without orphan_file");
    } else if (superblock_.orphan_file_inode != 0) {
      damage("it has an orphan file without the feature orphan_file");
    }
    if (const std::vector<std::string> unknown = feature_names(unnamed_features(features)); !unknown.empty()) {
      state_.context().warn(
          fmt::format("the file system has features that are not known here, and may be so elsewhere: {}",
                      fmt::join(unknown, ", ")));
    }
    if (features.has_compat(kCompatResizeInode) && features.has_incompat(kIncompatMetaBg)) {
      damage("it has both of the features resize_inode and meta_bg");
    }
    if (!features.has_compat(kCompatResizeInode) && superblock_.reserved_gdt_blocks != 0) {
      damage(fmt::format("it has {} reserved blocks of descriptors without the feature resize_inode",
                         superblock_.reserved_gdt_blocks.value()));
    }
    if (features.has_ro_compat(kRoCompatMetadataCsum) && features.has_ro_compat(kRoCompatUninitBg)) {
      damage("it has both of the features metadata_csum and uninit_bg");
    }
    if (features.has_incompat(kIncompatChecksumSeed) && !features.has_ro_compat(kRoCompatMetadataCsum)) {
      damage("it has the feature metadata_csum_seed without metadata_csum");
    }
    if (std::all_of(superblock_.uuid.begin(), superblock_.uuid.end(), [](std::byte b) { return b == std::byte{0}; })) {
      state_.context().warn("the file system has no UUID");
    }
  }

  void check_state() {
    Context& context = state_.context();
    if (!state_.recovered && (superblock_.state & kStateClean) == 0) context.warn("it was not unmounted cleanly");
    if ((superblock_.state & kStateErrors) != 0) {
      context.warn("the kernel found errors in it when it was in use; e2fsck clears that mark");
    }
  }

  void check_mmp() {
    if (!layout_.features.has_incompat(kIncompatMmp)) return;
    const std::uint64_t block = superblock_.mmp_block;
    if (block <= layout_.first_data_block || !state_.volume.blocks.contains(block, 1)) {
      return damage(fmt::format("s_mmp_block is {}, outside of the file system", block));
    }
    MmpBlock mmp;
    state_.volume.blocks.read(block, std::as_writable_bytes(std::span(&mmp, 1)));
    if (mmp.magic != kMmpMagic) {
      state_.context().report_damage(
          fmt::format("the block of multiple mount protection, {}, has something else", block));
    } else if (layout_.metadata_checksums &&
               crc32c(layout_.checksum_seed, bytes_of(mmp).first(offsetof(MmpBlock, checksum))) != mmp.checksum) {
      state_.context().report_damage("the checksum of the block of multiple mount protection is wrong");
    }
  }

  void check_copy(std::uint64_t group) {
    if (const auto problem = problem_of_copy(group)) {
      state_.context().report_damage(fmt::format("the copy of the superblock in group {} {}", group, *problem));
    }
  }

  std::optional<std::string> problem_of_copy(std::uint64_t group) {
    const std::uint64_t offset = layout_.group_first_block(group) * layout_.block_size;
    Superblock copy;
    try {
      copy = read_superblock(*state_.volume.blocks.image(), offset);
      if (copy.magic != kSuperblockMagic) return "is missing";
      if (!has_valid_checksum(copy)) return "has a wrong checksum";
      if (!describe_same_volume(parse_layout(copy), found_.layout)) return "describes another file system";
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::Unsupported) throw;
      return fmt::format("can't be used: {}", error.what());
    }
    // The field has 16 bits: of groups beyond that, the kernel writes the low ones, and mke2fs all ones.
    const bool names_group = copy.block_group_number == (group & UINT16_MAX) ||
                             (group > UINT16_MAX && copy.block_group_number == UINT16_MAX);
    if (copy.rev_level > 0 && !names_group) {
      return fmt::format("says that it is the one of group {}", copy.block_group_number.value());
    }
    return std::nullopt;
  }

  const CheckState& state_;
  const Layout& layout_;
  const Superblock& superblock_;
  const FoundSuperblock& found_;
};

}  // namespace

void check_superblock(const CheckState& state, const FoundSuperblock& found) { SuperblockCheck(state, found).run(); }

}  // namespace fstool::ext4

/// \file
/// The superblock (Linux Documentation/filesystems/ext4, "Super Block").
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

#include "ondisk/features.h"

namespace fstool::ext4 {

using boost::endian::little_uint16_t;
using boost::endian::little_uint32_t;
using boost::endian::little_uint64_t;

/// Byte offset of the primary superblock in the file system, whatever the block size.
inline constexpr std::uint64_t kSuperblockOffset = 1024;
inline constexpr std::uint16_t kSuperblockMagic = 0xEF53;

/// struct ext4_super_block. Little-endian.
struct Superblock {
  little_uint32_t inodes_count;
  little_uint32_t blocks_count_lo;
  little_uint32_t reserved_blocks_count_lo;
  little_uint32_t free_blocks_count_lo;
  little_uint32_t free_inodes_count;
  little_uint32_t first_data_block;  // 1 with 1 KiB blocks, else 0
  little_uint32_t log_block_size;    // block size is 1024 << this
  little_uint32_t log_cluster_size;
  little_uint32_t blocks_per_group;
  little_uint32_t clusters_per_group;
  little_uint32_t inodes_per_group;
  little_uint32_t mount_time;
  little_uint32_t write_time;
  little_uint16_t mount_count;
  little_uint16_t max_mount_count;  // 0xFFFF: never force a check
  little_uint16_t magic;
  little_uint16_t state;   // 1: cleanly unmounted
  little_uint16_t errors;  // 1: continue
  little_uint16_t minor_rev_level;
  little_uint32_t last_check;
  little_uint32_t check_interval;
  little_uint32_t creator_os;  // 0: Linux
  little_uint32_t rev_level;   // 1: dynamic inode sizes
  little_uint16_t default_reserved_uid;
  little_uint16_t default_reserved_gid;
  little_uint32_t first_inode;
  little_uint16_t inode_size;
  little_uint16_t block_group_number;  // of the group that holds this copy
  little_uint32_t feature_compat;
  little_uint32_t feature_incompat;
  little_uint32_t feature_ro_compat;
  std::array<std::byte, 16> uuid;
  std::array<char, 16> volume_name;  // NUL-padded
  std::array<char, 64> last_mounted;
  little_uint32_t algorithm_usage_bitmap;
  std::uint8_t prealloc_blocks;
  std::uint8_t prealloc_dir_blocks;
  little_uint16_t reserved_gdt_blocks;
  std::array<std::byte, 16> journal_uuid;
  little_uint32_t journal_inode;
  little_uint32_t journal_device;
  little_uint32_t last_orphan;
  std::array<little_uint32_t, 4> hash_seed;
  std::uint8_t default_hash_version;
  std::uint8_t journal_backup_type;  // 1: journal_blocks holds the journal inode's i_block and size
  little_uint16_t descriptor_size;
  little_uint32_t default_mount_options;
  little_uint32_t first_meta_bg;
  little_uint32_t mkfs_time;
  std::array<little_uint32_t, 17> journal_blocks;
  little_uint32_t blocks_count_hi;
  little_uint32_t reserved_blocks_count_hi;
  little_uint32_t free_blocks_count_hi;
  little_uint16_t min_extra_isize;
  little_uint16_t want_extra_isize;
  little_uint32_t flags;
  little_uint16_t raid_stride;
  little_uint16_t mmp_interval;
  little_uint64_t mmp_block;
  little_uint32_t raid_stripe_width;
  std::uint8_t log_groups_per_flex;
  std::uint8_t checksum_type;  // 1: crc32c
  little_uint16_t reserved_pad;
  little_uint64_t kbytes_written;
  little_uint32_t snapshot_inode;
  little_uint32_t snapshot_id;
  little_uint64_t snapshot_reserved_blocks_count;
  little_uint32_t snapshot_list;
  little_uint32_t error_count;
  little_uint32_t first_error_time;
  little_uint32_t first_error_inode;
  little_uint64_t first_error_block;
  std::array<char, 32> first_error_function;
  little_uint32_t first_error_line;
  little_uint32_t last_error_time;
  little_uint32_t last_error_inode;
  little_uint32_t last_error_line;
  little_uint64_t last_error_block;
  std::array<char, 32> last_error_function;
  std::array<char, 64> mount_options;
  little_uint32_t user_quota_inode;
  little_uint32_t group_quota_inode;
  little_uint32_t overhead_clusters;
  std::array<little_uint32_t, 2> backup_groups;
  std::array<std::uint8_t, 4> encrypt_algorithms;
  std::array<std::byte, 16> encrypt_password_salt;
  little_uint32_t lost_and_found_inode;
  little_uint32_t project_quota_inode;
  little_uint32_t checksum_seed;
  std::array<std::uint8_t, 8> time_high_bytes;
  little_uint16_t encoding;
  little_uint16_t encoding_flags;
  little_uint32_t orphan_file_inode;
  std::array<little_uint32_t, 94> reserved;
  little_uint32_t checksum;  // crc32c of all bytes before it
};
static_assert(sizeof(Superblock) == 1024);
static_assert(offsetof(Superblock, feature_compat) == 0x5C);
static_assert(offsetof(Superblock, hash_seed) == 0xEC);
static_assert(offsetof(Superblock, checksum_type) == 0x175);
static_assert(offsetof(Superblock, overhead_clusters) == 0x248);
static_assert(offsetof(Superblock, checksum) == 0x3FC);

inline Features features_of(const Superblock& superblock) {
  return {superblock.feature_compat, superblock.feature_incompat, superblock.feature_ro_compat};
}

// s_flags
inline constexpr std::uint32_t kFlagSignedHash = 0x0001;
inline constexpr std::uint32_t kFlagUnsignedHash = 0x0002;

// s_default_mount_opts
inline constexpr std::uint32_t kMountXattrUser = 0x0004;
inline constexpr std::uint32_t kMountAcl = 0x0008;

// s_state
inline constexpr std::uint16_t kStateClean = 0x0001;
inline constexpr std::uint16_t kStateErrors = 0x0002;

/// s_encoding of the casefold feature: UTF-8 of Unicode 12.1.
inline constexpr std::uint16_t kEncodingUtf8 = 1;

// Inodes with a fixed meaning.
inline constexpr std::uint32_t kBadBlocksInode = 1;
inline constexpr std::uint32_t kRootInode = 2;
inline constexpr std::uint32_t kBootLoaderInode = 5;
inline constexpr std::uint32_t kResizeInode = 7;
inline constexpr std::uint32_t kJournalInode = 8;
/// First inode that is not reserved; lost+found has it, as mke2fs makes it.
inline constexpr std::uint32_t kFirstInode = 11;

}  // namespace fstool::ext4

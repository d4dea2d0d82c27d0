/// \file
/// The inode (Linux Documentation/filesystems/ext4, "Index Nodes").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "fstool/tree.h"
#include "ondisk/superblock.h"

namespace fstool::ext4 {

/// Size of the i_block field in bytes.
inline constexpr std::size_t kInodeBlockBytes = 60;

/// struct ext4_inode up to and with i_projid: 128 bytes of the original inode and 32 extra ones. Little-endian.
struct Inode {
  little_uint16_t mode;
  little_uint16_t uid_lo;
  little_uint32_t size_lo;
  little_uint32_t atime;
  little_uint32_t ctime;
  little_uint32_t mtime;
  little_uint32_t deletion_time;
  little_uint16_t gid_lo;
  little_uint16_t links_count;
  little_uint32_t blocks_lo;  // 512-byte sectors, or file system blocks with kInodeHugeFile
  little_uint32_t flags;
  little_uint32_t version_lo;
  std::array<std::byte, kInodeBlockBytes> block;  // extent tree root, symlink target or device number
  little_uint32_t generation;
  little_uint32_t file_acl_lo;  // block of extended attributes
  little_uint32_t size_hi;
  little_uint32_t obsolete_fragment_address;
  little_uint16_t blocks_hi;
  little_uint16_t file_acl_hi;
  little_uint16_t uid_hi;
  little_uint16_t gid_hi;
  little_uint16_t checksum_lo;
  little_uint16_t reserved;
  // From here on: the extra part.
  little_uint16_t extra_isize;
  little_uint16_t checksum_hi;
  little_uint32_t ctime_extra;
  little_uint32_t mtime_extra;
  little_uint32_t atime_extra;
  little_uint32_t birth_time;
  little_uint32_t birth_time_extra;
  little_uint32_t version_hi;
  little_uint32_t project_id;
};
static_assert(sizeof(Inode) == 160);
static_assert(offsetof(Inode, block) == 0x28);
static_assert(offsetof(Inode, checksum_lo) == 0x7C);
static_assert(offsetof(Inode, extra_isize) == 0x80);

/// Bytes of an inode of the first revision, which has no extra part.
inline constexpr std::uint32_t kOldInodeSize = 128;
/// Bytes of the extra part that we fill, as mke2fs sets s_want_extra_isize.
inline constexpr std::uint16_t kExtraIsize = sizeof(Inode) - kOldInodeSize;

/// Pointers in i_block that name blocks of the file, without an extent tree: those of indirect blocks follow.
inline constexpr std::size_t kDirectPointers = 12;

/// The largest file, in bytes, without the feature large_file.
inline constexpr std::uint64_t kMaxSmallFile = 0x7FFFFFFF;

// i_flags
inline constexpr std::uint32_t kInodeIndexed = 0x00001000;   // hashed directory
inline constexpr std::uint32_t kInodeHugeFile = 0x00040000;  // i_blocks counts file system blocks
inline constexpr std::uint32_t kInodeExtents = 0x00080000;
inline constexpr std::uint32_t kInodeEaInode = 0x00200000;  // holds the value of an extended attribute
inline constexpr std::uint32_t kInodeInlineData = 0x10000000;

/// i_mode: file type and permissions.
std::uint16_t inode_mode(NodeKind kind, std::uint16_t permissions);

/// The file type of a directory entry (1 regular … 7 symlink).
std::uint8_t directory_file_type(NodeKind kind);

/// The earliest second that an inode can hold.
inline constexpr std::int64_t kMinSeconds = -(std::int64_t{1} << 31);
/// The latest second that an inode of `inode_size` bytes can hold: the extra part has two further bits.
constexpr std::int64_t max_seconds(std::uint32_t inode_size) {
  return (std::int64_t{1} << (inode_size > kOldInodeSize ? 34 : 32)) - (std::int64_t{1} << 31) - 1;
}

/// Sets access, change, modification and birth time. A time outside [kMinSeconds, max_seconds()] becomes the nearest
/// that fits.
void set_times(Inode& inode, Timestamp time, std::uint32_t inode_size);

void set_owner(Inode& inode, std::uint32_t uid, std::uint32_t gid);
void set_size(Inode& inode, std::uint64_t bytes);
/// Sets i_blocks from a count of file system blocks of `block_size` bytes.
void set_blocks(Inode& inode, std::uint64_t blocks, std::uint32_t block_size);
/// Sets the device number in i_block: the old 16-bit form where it fits, else the new 32-bit one.
void set_device(Inode& inode, DeviceNumber device);

/// The checksum of an inode: both halves, of which one of kOldInodeSize keeps the lower. `raw` is the whole on-disk
/// inode; the checksum's own fields count as zero.
std::uint32_t inode_checksum(std::span<const std::byte> raw, std::uint32_t inode_seed);
/// Computes and sets the checksum of the whole on-disk inode `raw`.
void seal_inode(std::span<std::byte> raw, std::uint32_t inode_seed);

}  // namespace fstool::ext4

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

/// Bytes of the extra part that we fill, as mke2fs sets s_want_extra_isize.
inline constexpr std::uint16_t kExtraIsize = sizeof(Inode) - 128;

// i_flags
inline constexpr std::uint32_t kInodeIndexed = 0x00001000;   // hashed directory
inline constexpr std::uint32_t kInodeHugeFile = 0x00040000;  // i_blocks counts file system blocks
inline constexpr std::uint32_t kInodeExtents = 0x00080000;
inline constexpr std::uint32_t kInodeEaInode = 0x00200000;  // holds the value of an extended attribute

/// i_mode: file type and permissions.
std::uint16_t inode_mode(NodeKind kind, std::uint16_t permissions);

/// The file type of a directory entry (1 regular … 7 symlink).
std::uint8_t directory_file_type(NodeKind kind);

/// The earliest and latest second that an inode's 34 bits of time can hold.
inline constexpr std::int64_t kMinSeconds = -(std::int64_t{1} << 31);
inline constexpr std::int64_t kMaxSeconds = (std::int64_t{1} << 34) - (std::int64_t{1} << 31) - 1;

/// Sets access, change, modification and birth time. A time outside [kMinSeconds, kMaxSeconds] becomes the nearest that
/// fits.
void set_times(Inode& inode, Timestamp time);

void set_owner(Inode& inode, std::uint32_t uid, std::uint32_t gid);
void set_size(Inode& inode, std::uint64_t bytes);
/// Sets i_blocks from a count of file system blocks of `block_size` bytes.
void set_blocks(Inode& inode, std::uint64_t blocks, std::uint32_t block_size);
/// Sets the device number in i_block: the old 16-bit form where it fits, else the new 32-bit one.
void set_device(Inode& inode, DeviceNumber device);

/// Computes and sets both halves of the checksum. `raw` is the whole on-disk inode that begins with `inode`'s bytes.
void seal_inode(std::span<std::byte> raw, std::uint32_t inode_seed);

}  // namespace fstool::ext4

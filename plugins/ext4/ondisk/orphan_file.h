/// \file
/// Blocks of the orphan file (Linux Documentation/filesystems/ext4, "Orphan file"): 32-bit inode numbers, 0 for a free
/// slot, and a tail.
#pragma once

#include <cstdint>

#include "ondisk/superblock.h"

namespace fstool::ext4 {

/// struct ext4_orphan_block_tail. Little-endian.
struct OrphanBlockTail {
  little_uint32_t magic;
  little_uint32_t checksum;  // crc32c of inode seed, physical block number (64 bits) and the inode numbers
};
static_assert(sizeof(OrphanBlockTail) == 8);

inline constexpr std::uint32_t kOrphanBlockMagic = 0x0B10CA04;

}  // namespace fstool::ext4

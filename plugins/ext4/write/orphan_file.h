/// \file
/// The orphan file, in which the kernel notes inodes that have lost their last name while they are open (Linux
/// Documentation/filesystems/ext4, "Orphan file").
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fstool::ext4 {

/// The size, in blocks, that mke2fs 1.47 gives the orphan file of a file system of `blocks` blocks.
std::uint64_t default_orphan_file_blocks(std::uint64_t blocks);

/// The block of an empty orphan file that lies at `physical`. `inode_seed` is that of the file's inode; without
/// metadata_csum there is no checksum.
std::vector<std::byte> build_orphan_file_block(std::uint32_t block_size, std::uint64_t physical,
                                               std::uint32_t inode_seed, bool has_checksum);

}  // namespace fstool::ext4

/// \file
/// The geometry that a superblock describes, checked against itself.
#pragma once

#include <array>
#include <cstdint>

#include "ondisk/dirhash.h"
#include "ondisk/features.h"
#include "ondisk/superblock.h"
#include "ondisk/superblock_copies.h"

namespace fstool::ext4 {

/// How group descriptors are sealed.
enum class DescriptorChecksum { None, Crc16, Crc32c };

/// The blocks that a group begins with: a copy of the superblock, descriptors, and the room for more of them.
struct GroupHead {
  std::uint64_t first = 0;
  std::uint64_t metadata = 0;  ///< blocks of superblock and descriptors
  std::uint64_t reserved = 0;  ///< blocks behind them
};

/// Where things are in an opened file system. All numbers are checked: sums of block numbers and their products with
/// the block size do not overflow.
struct Layout {
  Features features;
  std::uint32_t block_size = 0;     ///< bytes, 1024 … 65536
  std::uint64_t blocks = 0;         ///< of the file system
  std::uint32_t cluster_ratio = 1;  ///< blocks in a cluster (bigalloc)
  std::uint32_t first_data_block = 0;
  std::uint32_t blocks_per_group = 0;
  std::uint64_t groups = 0;
  std::uint32_t inodes = 0;
  std::uint32_t inodes_per_group = 0;
  std::uint32_t first_inode = 0;  ///< the first that is not reserved
  std::uint32_t inode_size = 0;   ///< bytes
  std::uint32_t descriptor_size = 0;
  std::uint32_t first_meta_bg = 0;
  std::uint32_t reserved_descriptor_blocks = 0;  ///< behind each copy of the descriptors, to grow into
  BackupGroups backup_groups{};                  ///< sparse_super2
  std::array<std::byte, 16> uuid{};
  bool metadata_checksums = false;
  std::uint32_t checksum_seed = 0;
  HashSeed hash_seed{};
  std::uint8_t default_hash_version = 0;
  bool unsigned_hash = false;

  DescriptorChecksum descriptor_checksum() const;
  std::uint32_t descriptors_per_block() const { return block_size / descriptor_size; }
  std::uint64_t descriptor_blocks() const;
  /// The block that holds the descriptors number `index * descriptors_per_block()` on. `copy_group` is the block group
  /// whose copy of the descriptors is meant: 0 for the primary one. May lie outside of the file system.
  std::uint64_t descriptor_block(std::uint64_t index, std::uint64_t copy_group) const;
  std::uint64_t group_first_block(std::uint64_t group) const { return first_data_block + group * blocks_per_group; }
  /// True if the group begins with a copy of the superblock.
  bool has_superblock(std::uint64_t group) const;
  /// What the group begins with. May reach beyond the end of the file system.
  GroupHead group_head(std::uint64_t group) const;
};

/// Throws Error(Corrupt) if the superblock contradicts itself, Error(Unsupported) naming the features if it has some
/// that can't be read.
Layout parse_layout(const Superblock& superblock);

/// True if the superblock's checksum is right, or it needs none.
bool has_valid_checksum(const Superblock& superblock);

}  // namespace fstool::ext4

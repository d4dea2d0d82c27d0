/// \file
/// Profile: all that is known of a file system before its contents and its size are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "fstool/uuid.h"
#include "ondisk/dirhash.h"
#include "ondisk/features.h"

namespace fstool::ext4 {

struct Profile {
  Features features;
  std::uint32_t block_size = 4096;      ///< bytes: 1024, 2048, 4096 … 65536
  std::uint32_t inode_size = 256;       ///< bytes: a power of two from 128 to the block size
  std::uint32_t groups_per_flex = 16;   ///< a power of two; 1 without flex_bg
  std::uint32_t blocks_per_group = 0;   ///< 0: as many as a block of bitmap has bits, or fewer where that is tighter
  std::uint64_t resize_limit = 0;       ///< bytes that it can grow to while mounted; 0: 1024 times its size
  std::uint64_t cluster_alignment = 0;  ///< bytes: large files begin at multiples of it; 0: anywhere
  std::uint64_t disk_offset = 0;        ///< bytes from the start of the disk, which alignment counts from
  NameHasher hasher;
  Uuid uuid;
  bool has_lost_and_found = true;
  bool zeros_are_holes = false;      ///< blocks of zeros in files are not stored
  bool allows_value_inodes = false;  ///< values that fit nowhere else get inodes of their own: ea_inode

  bool has_extents() const { return features.has_incompat(kIncompatExtents); }
  bool has_checksums() const { return features.has_ro_compat(kRoCompatMetadataCsum); }
  /// Group descriptors have a checksum, so that bitmaps and inode tables may stay uninitialised.
  bool has_group_checksums() const { return has_checksums() || features.has_ro_compat(kRoCompatUninitBg); }
  bool has_filetype() const { return features.has_incompat(kIncompatFiletype); }
  bool has_hash_trees() const { return features.has_compat(kCompatDirIndex); }
  bool has_inline_data() const { return features.has_incompat(kIncompatInlineData); }
  bool has_journal() const { return features.has_compat(kCompatHasJournal); }
  bool has_orphan_file() const { return features.has_compat(kCompatOrphanFile); }
  bool has_resize_inode() const { return features.has_compat(kCompatResizeInode); }
  bool has_meta_bg() const { return features.has_incompat(kIncompatMetaBg); }

  /// i_size of the resize inode: all that its direct, indirect and double indirect blocks could map. 0 without one.
  std::uint64_t resize_inode_bytes() const;
  /// Bytes of a group descriptor on disk.
  std::uint32_t descriptor_size() const { return features.has_incompat(kIncompat64bit) ? 64 : 32; }
  /// Bytes behind an inode's fields, for extended attributes.
  std::size_t inode_xattr_space() const;
  /// Start value of the checksums: of the UUID, which metadata_csum_seed records as it is now.
  std::uint32_t checksum_seed() const;
  /// Start value of the checksums of what belongs to one inode; all inodes that are written have generation 0.
  std::uint32_t inode_checksum_seed(std::uint32_t inode) const;
};

}  // namespace fstool::ext4

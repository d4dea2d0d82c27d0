/// \file
/// Reads inodes.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <vector>

#include "ondisk/inode.h"
#include "read/file_map.h"
#include "read/group_table.h"
#include "read/volume_state.h"

namespace fstool::ext4 {

/// An inode as it is on disk.
struct InodeRecord {
  std::uint32_t number = 0;
  Inode fields{};                  ///< those behind i_extra_isize are zero
  std::span<const std::byte> raw;  ///< all of it; in `storage`
  std::shared_ptr<const std::vector<std::byte>> storage;

  /// True if the field of Inode that ends at byte `end` is in use.
  bool has_extra(std::size_t end) const;
  /// What follows the fields: the place of extended attributes.
  std::span<const std::byte> behind_fields() const;
  std::uint64_t file_acl() const { return fields.file_acl_lo | std::uint64_t{fields.file_acl_hi} << 32; }
  MapRoot map_root() const { return {number, fields.generation, fields.flags, fields.block}; }
};

/// The inode `number` in the layout.inode_size bytes `raw`, which lie in `storage`. Throws Error(Corrupt) if its extra
/// size is impossible.
InodeRecord parse_inode(std::uint32_t number, std::span<const std::byte> raw,
                        std::shared_ptr<const std::vector<std::byte>> storage);

/// True if the inode's checksum is right, or it needs none.
bool has_valid_checksum(const InodeRecord& record, const VolumeState& volume);

/// The inode tables of a file system. Reads a stretch of a table at once, so ask for inodes in the order of their
/// numbers. Not thread-safe.
class InodeTable {
 public:
  /// `volume` and `groups` must outlive this.
  InodeTable(const VolumeState& volume, GroupTable& groups);

  /// Throws Error(Corrupt) if there is no such inode, the image lacks it, or its extra size is impossible.
  InodeRecord read(std::uint32_t number);

 private:
  struct Chunk {
    std::uint64_t offset = 0;  // bytes into the image
    std::shared_ptr<const std::vector<std::byte>> bytes;
  };
  const Chunk& chunk_with(std::uint64_t offset, std::uint64_t table_end);

  const VolumeState& volume_;
  GroupTable& groups_;
  std::list<Chunk> chunks_;  // the last used first
};

}  // namespace fstool::ext4

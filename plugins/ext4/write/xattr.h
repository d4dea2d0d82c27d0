/// \file
/// Places and writes extended attributes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fstool/tree.h"
#include "ondisk/superblock.h"
#include "ondisk/xattr.h"

namespace fstool::ext4 {

/// Most inodes that may share a block.
inline constexpr std::uint32_t kXattrMaxReferences = 1024;

/// One attribute in the form that ext4 stores.
struct StoredXattr {
  std::uint8_t name_index = 0;
  std::string name;   ///< without the prefix that name_index stands for
  std::string value;  ///< ACLs: in ext4's own form
};

/// Translates a name to its index and a POSIX ACL to ext4's form. Throws Error(Unsupported) for a name without a known
/// prefix or longer than 255 bytes, Error(InvalidArgument) for a malformed ACL.
StoredXattr to_stored(const Xattr& xattr);

/// How one set of attributes is stored.
struct XattrPlacement {
  std::vector<StoredXattr> in_inode;
  std::vector<StoredXattr> in_block;       ///< sorted as the block wants it
  std::vector<StoredXattr> in_own_inodes;  ///< entry in the block, value in an inode of its own
  /// Bytes of the inode's space that are left for another entry and its value.
  std::size_t inode_room = 0;
  bool needs_block() const { return !in_block.empty() || !in_own_inodes.empty(); }
};

/// Decides where each attribute goes: as much as fits into `inode_space` bytes behind the inode's fields, the rest into
/// a block; if that overflows, the largest values into inodes of their own. Throws Error(Unsupported) if even the
/// names don't fit, or the values without `value_inodes`.
XattrPlacement place_xattrs(const Xattrs& xattrs, std::size_t inode_space, std::uint32_t block_size, bool value_inodes);

/// The attribute system.data, which holds what of a file's or directory's data doesn't fit into i_block.
StoredXattr inline_data_xattr(std::string value);
/// Bytes of data for which `inode_room` bytes of an inode have room, i_block's included; 0 if there is no room for the
/// attribute itself.
std::size_t inline_data_capacity(std::size_t inode_room);

/// Writes `xattrs`, at least one, into the space behind the inode's fields, which is all zero.
void write_inode_xattrs(std::span<const StoredXattr* const> xattrs, std::span<std::byte> space);

/// crc32c by which an inode that holds a value is known.
std::uint32_t xattr_value_hash(std::uint32_t filesystem_seed, const std::string& value);

/// The block of `placement`. `value_inodes[i]` holds the value of in_own_inodes[i]; `physical` is where the block lies.
/// Readers without metadata_csum take no notice of its checksum, but want it to be zero: see `has_checksum`.
std::vector<std::byte> build_xattr_block(const XattrPlacement& placement,
                                         const std::vector<std::uint32_t>& value_inodes, std::uint32_t references,
                                         std::uint64_t physical, std::uint32_t block_size,
                                         std::uint32_t filesystem_seed, bool has_checksum);

}  // namespace fstool::ext4

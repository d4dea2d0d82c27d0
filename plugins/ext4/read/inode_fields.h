/// \file
/// What the fields of an inode mean.
#pragma once

#include <cstdint>
#include <optional>

#include "fstool/tree.h"
#include "read/inode_table.h"

namespace fstool::ext4 {

// i_flags that the writer never sets.
inline constexpr std::uint32_t kInodeEncrypted = 0x00000800;
inline constexpr std::uint32_t kInodeCasefolded = 0x40000000;

/// The kind that i_mode says; nothing if there is no such kind.
std::optional<NodeKind> kind_of(const Inode& inode);

std::uint32_t owner_of(const Inode& inode);
std::uint32_t group_of(const Inode& inode);
DeviceNumber device_of(const Inode& inode);

/// i_size in bytes. Its high half counts for files, and for directories with the large_dir feature.
std::uint64_t size_of(const Inode& inode, const Layout& layout);

Timestamp mtime_of(const InodeRecord& record);
/// i_blocks: units of 512 bytes, those of extended attributes included.
std::uint64_t sectors_of(const Inode& inode, const Layout& layout);
/// What the inode says that a Node has no place for.
std::unique_ptr<const RecordedInode> recorded_inode_of(const InodeRecord& record, const Layout& layout);

/// True if the target of a symbolic link lies in i_block, as the kernel decides it.
bool is_fast_symlink(const Inode& inode, const Layout& layout);

}  // namespace fstool::ext4

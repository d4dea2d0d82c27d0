/// \file
/// Inodes that are not files with a name.
#pragma once

#include <cstdint>

#include "check/check_state.h"
#include "ondisk/inode.h"

namespace fstool::ext4 {

enum class InodeRole : std::uint8_t {
  File,        ///< of any kind, with names
  Root,        ///< the root directory
  BadBlocks,   ///< has the blocks that can't be used
  Resize,      ///< has the blocks into which the descriptors may grow
  Hidden,      ///< journal, quota or orphan file
  BootLoader,  ///< may have a file without a name
  Reserved,    ///< has nothing
};

inline InodeRole role_of(const CheckState& state, std::uint32_t number) {
  const Features& features = state.layout().features;
  const Superblock& superblock = state.superblock;
  if (number == kRootInode) return InodeRole::Root;
  if (features.has_compat(kCompatHasJournal) && number == superblock.journal_inode) return InodeRole::Hidden;
  if (features.has_compat(kCompatOrphanFile) && number == superblock.orphan_file_inode) return InodeRole::Hidden;
  if (features.has_ro_compat(kRoCompatQuota) &&
      (number == superblock.user_quota_inode || number == superblock.group_quota_inode ||
       number == superblock.project_quota_inode)) {
    return InodeRole::Hidden;
  }
  if (number >= state.layout().first_inode) return InodeRole::File;
  if (number == kBadBlocksInode) return InodeRole::BadBlocks;
  if (number == kResizeInode && features.has_compat(kCompatResizeInode)) return InodeRole::Resize;
  return number == kBootLoaderInode ? InodeRole::BootLoader : InodeRole::Reserved;
}

}  // namespace fstool::ext4

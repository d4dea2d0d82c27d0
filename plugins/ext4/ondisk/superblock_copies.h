/// \file
/// Which block groups begin with a copy of the superblock.
#pragma once

#include <array>
#include <cstdint>

#include "ondisk/features.h"

namespace fstool::ext4 {

/// s_backup_bgs: the two groups that have a copy with sparse_super2; 0: none.
using BackupGroups = std::array<std::uint32_t, 2>;

/// True for group 0, and: with sparse_super2 for the two of `backup_groups`, with sparse_super for 1 and the powers of
/// 3, 5 and 7, and without them for all.
bool has_superblock_copy(const Features& features, const BackupGroups& backup_groups, std::uint64_t group);

}  // namespace fstool::ext4

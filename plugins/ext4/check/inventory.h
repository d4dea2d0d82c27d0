/// \file
/// What all inodes together are found to have.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "check/inode_scan.h"

namespace fstool::ext4 {

/// Who has a block of extended attributes.
struct XattrBlockOwners {
  std::uint32_t first = 0;  ///< the inode with the lowest number
  std::uint32_t count = 0;
};

struct Inventory {
  std::vector<UsedInode> used;                ///< by number
  std::vector<DirectoryToCheck> directories;  ///< by number
  std::vector<ValueToCheck> values;           ///< by number
  std::unordered_map<std::uint64_t, XattrBlockOwners> xattr_blocks;
  std::unordered_map<std::uint32_t, std::uint64_t> value_references;  ///< by inode: how often it is referred to
  bool has_large_file = false;

  /// The inode if it is in use, else null.
  UsedInode* find(std::uint32_t number) {
    const auto found =
        std::partition_point(used.begin(), used.end(), [&](const UsedInode& inode) { return inode.number < number; });
    return found != used.end() && found->number == number ? &*found : nullptr;
  }
};

}  // namespace fstool::ext4

/// \file
/// What the inodes of a block group are found to have.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check/findings.h"
#include "check/map_walk.h"
#include "fstool/tree.h"

namespace fstool::ext4 {

/// An inode that is in use, and how many names were found for it.
struct UsedInode {
  std::uint32_t number = 0;
  std::uint32_t names = 0;
  std::uint16_t links = 0;
  NodeKind kind = NodeKind::File;
  bool hidden = false;    ///< has no name: the journal and its like
  bool is_value = false;  ///< holds the value of an extended attribute
};

/// A directory whose entries are to be checked.
struct DirectoryToCheck {
  std::uint32_t inode = 0;
  std::uint32_t generation = 0;
  std::uint32_t flags = 0;
  std::uint64_t blocks = 0;              ///< that its size says
  std::vector<CheckedExtent> extents;    ///< where they are, by their place in the directory
  std::vector<std::string> inline_data;  ///< of an inline one: the bytes of i_block and those beyond
};

/// An inode that holds the value of an extended attribute.
struct ValueToCheck {
  std::uint32_t inode = 0;
  std::uint32_t hash = 0;
  std::uint64_t references = 0;  ///< that the inode says it has
  bool counted = true;           ///< false: of Lustre, which counts nothing
  std::uint64_t size = 0;        ///< bytes
  std::vector<CheckedExtent> extents;
};

struct XattrBlockUse {
  std::uint64_t block = 0;
  std::uint32_t inode = 0;
};

struct InodeScan {
  Findings findings;
  std::vector<UsedInode> used;  ///< by number
  std::vector<DirectoryToCheck> directories;
  std::vector<ValueToCheck> values;
  std::vector<XattrBlockUse> xattr_blocks;
  std::vector<std::uint32_t> value_inodes;  ///< one for each reference to it from an inode
  bool has_large_file = false;
};

}  // namespace fstool::ext4

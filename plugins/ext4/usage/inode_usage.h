/// \file
/// What of a file system belongs to its inodes.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "fstool/tree.h"
#include "read/inode_table.h"
#include "read/open_volume.h"
#include "usage/block_usage.h"

namespace fstool::ext4 {

/// An inode that a name leads to.
struct NamedInode {
  std::uint32_t inode = 0;
  NodeId node = 0;
};

/// Says where the contents of inodes are, their block maps and their extended attributes. A block map that can't be
/// read is reported, and its inode's blocks are left out. Not thread-safe.
class InodeUsage {
 public:
  /// Both must outlive this.
  InodeUsage(OpenedVolume& volume, BlockUsage& usage);

  void add_named(const Tree& tree, const NamedInode& named);
  /// The inodes with a fixed meaning: journal, quotas, bad blocks and their like.
  void add_special();
  /// An inode that no name leads to: it may hold the value of an extended attribute (feature ea_inode).
  void add_unnamed(std::uint32_t inode);
  /// Adds the blocks of all block maps that were read. Call it last.
  void add_block_maps();

 private:
  /// Calls `work`; damage of the inode is reported.
  template <class Work>
  void reading(std::uint32_t inode, Work&& work);
  FileMap add_blocks(const InodeRecord& record, Use use);
  void add_reserved(std::uint32_t inode);
  void add_file(NodeId node, const FileMap& map);
  void add_xattr_block(const InodeRecord& record);

  OpenedVolume& volume_;
  const Layout& layout_;
  BlockUsage& usage_;
  InodeTable inodes_;
  BlockClaims map_blocks_;
  BlockClaims xattr_blocks_;
};

}  // namespace fstool::ext4

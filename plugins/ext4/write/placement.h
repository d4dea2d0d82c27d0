/// \file
/// Placement: which blocks hold what.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "write/allocator.h"
#include "write/contents.h"
#include "write/extent.h"
#include "write/geometry.h"

namespace fstool::ext4 {

/// An inode's blocks.
struct BlockMap {
  std::vector<Extent> extents;             ///< by logical block
  std::vector<std::uint64_t> tree_blocks;  ///< of the extent tree

  /// All blocks that count for i_blocks, but for extended attributes.
  std::uint64_t block_count() const;
};

/// Places everything that is not part of the geometry. Immutable after construction.
class Placement {
 public:
  /// If the geometry has too few blocks, shortage() says how many are missing and the rest is of no use.
  Placement(const Contents& contents, const Geometry& geometry, GroupTables tables, std::vector<BlockRun> free,
            std::uint64_t journal_blocks);

  std::uint64_t shortage() const { return shortage_; }
  std::uint64_t free_blocks() const { return free_blocks_; }
  /// Free runs by ascending block.
  const std::vector<BlockRun>& free() const { return free_; }

  const Geometry& geometry() const { return geometry_; }
  const GroupTables& tables() const { return tables_; }
  const BlockMap& journal() const { return journal_; }
  /// The double indirect block of the resize inode.
  std::uint64_t resize_block() const { return resize_block_; }
  /// The blocks of all directories; Extent::logical counts as Directory::first_block does.
  const std::vector<Extent>& directory_region() const { return directory_region_; }
  std::uint64_t xattr_block(const XattrBlock& block) const { return xattr_blocks_[block.index]; }
  /// The blocks of an inode's content: files, long symlinks, attribute values, directories.
  BlockMap block_map(std::uint32_t inode) const;

 private:
  void place_directories(BlockAllocator& allocator);
  void place_file(BlockAllocator& allocator, std::uint32_t inode, std::vector<Extent>& scratch);
  void add_tree_blocks(BlockAllocator& allocator, BlockMap& map) const;

  const Contents& contents_;
  Geometry geometry_;
  GroupTables tables_;
  std::uint64_t shortage_ = 0;
  std::uint64_t free_blocks_ = 0;
  std::vector<BlockRun> free_;
  BlockMap journal_;
  std::uint64_t resize_block_ = 0;
  std::vector<Extent> directory_region_;
  std::vector<std::uint64_t> xattr_blocks_;
  /// By inode - kFirstInode: the first block of a file that lies in one piece; 0: it has no blocks, or is in maps_.
  std::vector<std::uint64_t> first_block_;
  std::unordered_map<std::uint32_t, BlockMap> maps_;
};

}  // namespace fstool::ext4

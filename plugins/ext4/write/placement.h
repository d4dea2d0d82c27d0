/// \file
/// Placement: which blocks hold what.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "write/allocator.h"
#include "write/block_map.h"
#include "write/contents.h"
#include "write/geometry.h"

namespace fstool::ext4 {

/// What is placed beside the contents of the tree. Block counts; 0: there is none.
struct SpecialFiles {
  std::uint64_t journal_blocks = 0;
  std::uint64_t orphan_file_blocks = 0;
};

/// Places everything that is not part of the geometry: large files begin at multiples of the alignment as long as there
/// are enough small ones to fill the gaps. Immutable after construction.
class Placement {
 public:
  /// If the geometry has too few blocks, shortage() says how many are missing and the rest is of no use.
  Placement(const Contents& contents, const Geometry& geometry, GroupTables tables, std::vector<BlockRun> free,
            const SpecialFiles& special, Alignment alignment);

  std::uint64_t shortage() const { return shortage_; }
  std::uint64_t free_blocks() const { return free_blocks_; }
  /// Files whose data lies in more than one piece, holes aside, and the blocks of the smallest of them.
  std::uint64_t splits() const { return splits_; }
  std::uint64_t smallest_split() const { return smallest_split_; }
  /// Free runs by ascending block.
  const std::vector<BlockRun>& free() const { return free_; }

  const Geometry& geometry() const { return geometry_; }
  const GroupTables& tables() const { return tables_; }
  const BlockMap& journal() const { return journal_; }
  const BlockMap& orphan_file() const { return orphan_file_; }
  /// The double indirect block of the resize inode; 0 without one.
  std::uint64_t resize_block() const { return resize_block_; }
  /// The blocks of all directories; Extent::logical counts as Directory::first_block does.
  const std::vector<Extent>& directory_region() const { return directory_region_; }
  std::uint64_t xattr_block(const XattrBlock& block) const { return xattr_blocks_[block.index]; }
  /// The blocks of an inode's content: files, long symlinks, attribute values, directories.
  BlockMap block_map(std::uint32_t inode) const;

 private:
  void place_directories(BlockAllocator& allocator);
  void place_file(BlockAllocator& allocator, std::uint32_t inode, std::vector<Extent>& scratch);
  void place_special(BlockAllocator& allocator, std::uint64_t blocks, BlockMap& map) const;
  void add_mapping_blocks(BlockAllocator& allocator, BlockMap& map) const;
  Align alignment_for(const BlockAllocator& allocator, std::uint64_t blocks) const;

  const Contents& contents_;
  Geometry geometry_;
  GroupTables tables_;
  std::uint64_t shortage_ = 0;
  std::uint64_t free_blocks_ = 0;
  std::uint64_t splits_ = 0;
  std::uint64_t smallest_split_ = 0;
  std::vector<BlockRun> free_;
  BlockMap journal_;
  BlockMap orphan_file_;
  std::uint64_t filler_blocks_ = 0;  // of files yet to be placed that are small enough for gaps
  std::uint64_t resize_block_ = 0;
  std::vector<Extent> directory_region_;
  std::vector<std::uint64_t> xattr_blocks_;
  /// By inode - kFirstInode: the first block of a file that lies in one piece; 0: it has no blocks, or is in maps_.
  /// 32 bits are enough where nothing is missing (kMaxFilesystemBlocks).
  std::vector<std::uint32_t> first_block_;
  std::unordered_map<std::uint32_t, BlockMap> maps_;
};

}  // namespace fstool::ext4

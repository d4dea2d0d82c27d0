#include "write/placement.h"

#include <algorithm>

#include "fstool/size.h"

namespace fstool::ext4 {

namespace {

/// Adds `run` as the continuation of a file at `logical`; joins it to the last extent where they touch.
void append_extent(std::vector<Extent>& extents, std::uint64_t logical, const BlockRun& run) {
  if (!extents.empty()) {
    Extent& last = extents.back();
    if (last.logical + last.length == logical && last.physical + last.length == run.start) {
      last.length += run.length;
      return;
    }
  }
  extents.push_back({logical, run.start, run.length});
}

void allocate_extent(BlockAllocator& allocator, std::vector<Extent>& extents, std::uint64_t logical,
                     std::uint64_t blocks) {
  allocator.allocate(blocks, [&](const BlockRun& run) {
    append_extent(extents, logical, run);
    logical += run.length;
  });
}

std::uint64_t allocate_block(BlockAllocator& allocator) {
  std::uint64_t block = 0;
  allocator.allocate(1, [&](const BlockRun& run) { block = run.start; });
  return block;
}

}  // namespace

std::uint64_t BlockMap::block_count() const {
  std::uint64_t count = tree_blocks.size();
  for (const Extent& extent : extents) count += extent.length;
  return count;
}

Placement::Placement(const Contents& contents, const Geometry& geometry, GroupTables tables, std::vector<BlockRun> free,
                     std::uint64_t journal_blocks)
    : contents_(contents), geometry_(geometry), tables_(std::move(tables)) {
  BlockAllocator allocator(std::move(free), geometry_.blocks);
  resize_block_ = allocate_block(allocator);
  place_directories(allocator);
  for (std::uint32_t i = 0; i < contents_.xattr_block_count(); ++i) xattr_blocks_.push_back(allocate_block(allocator));
  if (journal_blocks > 0) {
    allocate_extent(allocator, journal_.extents, 0, journal_blocks);
    add_tree_blocks(allocator, journal_);
  }
  first_block_.resize(contents_.last_inode() - kFirstInode + 1);
  std::vector<Extent> scratch;
  for (std::uint32_t inode = kFirstInode; inode <= contents_.last_inode(); ++inode) {
    place_file(allocator, inode, scratch);
  }
  shortage_ = allocator.shortage();
  free_blocks_ = allocator.free_blocks();
  free_ = allocator.remaining();
}

void Placement::add_tree_blocks(BlockAllocator& allocator, BlockMap& map) const {
  const std::uint64_t blocks = extent_tree_blocks(count_disk_extents(map.extents), geometry_.block_size);
  for (std::uint64_t i = 0; i < blocks; ++i) map.tree_blocks.push_back(allocate_block(allocator));
}

void Placement::place_directories(BlockAllocator& allocator) {
  allocate_extent(allocator, directory_region_, 0, contents_.directory_blocks());
  if (directory_region_.size() == 1 && contents_.directory_blocks() <= kMaxExtentBlocks) return;
  for (const Directory& directory : contents_.directories()) {
    BlockMap map = block_map(directory.owner.inode);
    add_tree_blocks(allocator, map);
    if (!map.tree_blocks.empty()) maps_.emplace(directory.owner.inode, std::move(map));
  }
}

void Placement::place_file(BlockAllocator& allocator, std::uint32_t inode, std::vector<Extent>& scratch) {
  contents_.data_extents_of(inode, scratch);
  if (scratch.empty()) return;
  BlockMap map;
  for (const Extent& data : scratch) allocate_extent(allocator, map.extents, data.logical, data.length);
  add_tree_blocks(allocator, map);
  const Extent& first = map.extents.front();
  const bool whole = map.extents.size() == 1 && first.logical == 0 && map.tree_blocks.empty() &&
                     first.length == div_ceil(contents_.data_size(inode), geometry_.block_size);
  if (whole) {
    first_block_[inode - kFirstInode] = first.physical;
  } else {
    maps_.emplace(inode, std::move(map));
  }
}

BlockMap Placement::block_map(std::uint32_t inode) const {
  if (const auto found = maps_.find(inode); found != maps_.end()) return found->second;
  BlockMap map;
  if (const Directory* directory = contents_.directory(inode)) {
    const std::uint64_t begin = directory->first_block;
    const std::uint64_t end = begin + directory->layout.blocks;
    auto extent = std::upper_bound(directory_region_.begin(), directory_region_.end(), begin,
                                   [](std::uint64_t block, const Extent& e) { return block < e.logical + e.length; });
    for (; extent != directory_region_.end() && extent->logical < end; ++extent) {
      const std::uint64_t from = std::max(begin, extent->logical);
      const std::uint64_t to = std::min(end, extent->logical + extent->length);
      map.extents.push_back({from - begin, extent->physical + (from - extent->logical), to - from});
    }
  } else if (inode >= kFirstInode && first_block_[inode - kFirstInode] != 0) {
    const std::uint64_t blocks = div_ceil(contents_.data_size(inode), geometry_.block_size);
    map.extents.push_back({0, first_block_[inode - kFirstInode], blocks});
  }
  return map;
}

}  // namespace fstool::ext4

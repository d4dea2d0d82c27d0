#include "write/placement.h"

#include <algorithm>

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
                     std::uint64_t blocks, Align align) {
  allocator.allocate(blocks, align, [&](const BlockRun& run) {
    append_extent(extents, logical, run);
    logical += run.length;
  });
}

std::uint64_t allocate_block(BlockAllocator& allocator) {
  std::uint64_t block = 0;
  allocator.allocate(1, Align::No, [&](const BlockRun& run) { block = run.start; });
  return block;
}

/// Files of at least so many times the alignment are aligned…
constexpr std::uint64_t kAlignedFile = 4;
/// …and files of at most so many blocks are sure to fill the gaps.
constexpr std::uint64_t kFillerBlocks = 2;

}  // namespace

Placement::Placement(const Contents& contents, const Geometry& geometry, GroupTables tables, std::vector<BlockRun> free,
                     const SpecialFiles& special, Alignment alignment)
    : contents_(contents), geometry_(geometry), tables_(std::move(tables)) {
  BlockAllocator allocator(std::move(free), geometry_.blocks, alignment);
  if (contents_.profile().has_resize_inode()) resize_block_ = allocate_block(allocator);
  place_directories(allocator);
  for (std::uint32_t i = 0; i < contents_.xattr_block_count(); ++i) xattr_blocks_.push_back(allocate_block(allocator));
  place_special(allocator, special.journal_blocks, journal_);
  place_special(allocator, special.orphan_file_blocks, orphan_file_);

  first_block_.resize(contents_.last_inode() - kFirstInode + 1);
  const auto is_filler = [](std::uint64_t blocks) { return blocks > 0 && blocks <= kFillerBlocks; };
  if (alignment.blocks > 1) {
    for (std::uint32_t inode = kFirstInode; inode <= contents_.last_inode(); ++inode) {
      const std::uint64_t blocks = contents_.data_blocks(inode);
      if (is_filler(blocks)) filler_blocks_ += blocks;
    }
  }
  std::vector<Extent> scratch;
  for (std::uint32_t inode = kFirstInode; inode <= contents_.last_inode(); ++inode) {
    place_file(allocator, inode, scratch);
    const std::uint64_t blocks = contents_.data_blocks(inode);
    if (filler_blocks_ > 0 && is_filler(blocks)) filler_blocks_ -= blocks;
  }
  shortage_ = allocator.shortage();
  free_blocks_ = allocator.free_blocks();
  free_ = allocator.remaining();
}

Align Placement::alignment_for(const BlockAllocator& allocator, std::uint64_t blocks) const {
  const std::uint64_t multiple = allocator.alignment().blocks;
  const bool fillable = allocator.gap_blocks() + multiple <= filler_blocks_;
  return multiple > 1 && blocks >= kAlignedFile * multiple && fillable ? Align::Yes : Align::No;
}

void Placement::add_mapping_blocks(BlockAllocator& allocator, BlockMap& map) const {
  const std::uint64_t blocks = count_mapping_blocks(map.extents, contents_.profile());
  for (std::uint64_t i = 0; i < blocks; ++i) map.mapping_blocks.push_back(allocate_block(allocator));
}

void Placement::place_special(BlockAllocator& allocator, std::uint64_t blocks, BlockMap& map) const {
  if (blocks == 0) return;
  allocate_extent(allocator, map.extents, 0, blocks, Align::No);
  add_mapping_blocks(allocator, map);
}

void Placement::place_directories(BlockAllocator& allocator) {
  allocate_extent(allocator, directory_region_, 0, contents_.directory_blocks(), Align::No);
  for (const Directory& directory : contents_.directories()) {
    BlockMap map = block_map(directory.owner.inode);
    add_mapping_blocks(allocator, map);
    if (!map.mapping_blocks.empty()) maps_.emplace(directory.owner.inode, std::move(map));
  }
}

void Placement::place_file(BlockAllocator& allocator, std::uint32_t inode, std::vector<Extent>& scratch) {
  contents_.data_extents_of(inode, scratch);
  if (scratch.empty()) return;
  // Data between holes lies together, as far as there is room.
  std::uint64_t blocks = 0;
  for (const Extent& data : scratch) blocks += data.length;
  BlockMap map;
  auto data = scratch.begin();
  std::uint64_t done = 0;  // blocks of *data
  std::uint64_t pieces = 0;
  allocator.allocate(blocks, alignment_for(allocator, blocks), [&](BlockRun run) {
    ++pieces;
    while (run.length > 0) {
      const std::uint64_t length = std::min(run.length, data->length - done);
      append_extent(map.extents, data->logical + done, {run.start, length});
      run = {run.start + length, run.length - length};
      done += length;
      if (done == data->length) {
        ++data;
        done = 0;
      }
    }
  });
  if (pieces > 1) smallest_split_ = splits_++ == 0 ? blocks : std::min(smallest_split_, blocks);
  add_mapping_blocks(allocator, map);
  const Extent& first = map.extents.front();
  const bool whole = map.extents.size() == 1 && first.logical == 0 && map.mapping_blocks.empty() &&
                     first.length == contents_.data_blocks(inode);
  if (whole) {
    first_block_[inode - kFirstInode] = static_cast<std::uint32_t>(first.physical);
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
    const std::uint64_t blocks = contents_.data_blocks(inode);
    map.extents.push_back({0, first_block_[inode - kFirstInode], blocks});
  }
  return map;
}

}  // namespace fstool::ext4

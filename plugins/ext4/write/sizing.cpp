#include "write/sizing.h"

#include <fmt/format.h>

#include <algorithm>

#include "fstool/error.h"
#include "fstool/size.h"
#include "write/journal.h"

namespace fstool::ext4 {

namespace {

/// Below this many blocks a file system of fixed size gets no journal unless asked, as with mke2fs.
constexpr std::uint64_t kMinBlocksForJournal = 2048;
constexpr std::uint32_t kMinBlocksPerGroup = 256;
/// A fitted file system shall not have more than this unused, beside the headroom.
constexpr std::uint64_t kToleratedFreeBytes = 1024 * 1024;
constexpr std::uint64_t kToleratedFreePercent = 2;

class Sizer {
 public:
  Sizer(const Contents& contents, const SizingRequest& request) : contents_(contents), request_(request) {}

  /// Lays out with everything given. Nothing if the groups' tables don't fit.
  std::unique_ptr<const Placement> attempt(const Geometry& geometry, std::uint64_t journal_blocks) const {
    GroupTables tables;
    FreeRuns free;
    if (!place_group_tables(geometry, tables, free)) return nullptr;
    return std::make_unique<const Placement>(contents_, geometry, std::move(tables), free.runs(), journal_blocks);
  }

  Geometry geometry_for(std::uint64_t blocks, std::uint32_t blocks_per_group, std::uint64_t free_blocks) const {
    const std::uint64_t block_size = contents_.settings().block_size;
    GeometryRequest wanted;
    wanted.blocks = blocks;
    wanted.block_size = contents_.settings().block_size;
    wanted.inode_size = contents_.settings().inode_size;
    wanted.blocks_per_group = blocks_per_group;
    wanted.inodes = std::max<std::uint64_t>(blocks * block_size / request_.inode_ratio,
                                            contents_.last_inode() + free_blocks * block_size / request_.inode_ratio);
    return make_geometry(wanted);
  }

  std::uint64_t journal_for(std::uint64_t blocks) const {
    return request_.journal_blocks.value_or(default_journal_blocks(blocks));
  }

  std::uint64_t headroom_for(std::uint64_t blocks) const {
    return std::max(div_ceil(request_.free_bytes, contents_.settings().block_size),
                    div_ceil(blocks * request_.free_percent, 100));
  }

  SizedLayout fit(std::uint32_t blocks_per_group) const {
    // What the contents need is found out by trying: a first, too small layout says how much is missing. Files that
    // must be cut into more pieces than expected take further blocks for their extent trees, hence the loop.
    std::uint64_t data = 1 + contents_.directory_blocks() + contents_.xattr_block_count();
    while (true) {
      const std::uint64_t blocks = fewest_blocks(data, blocks_per_group);
      const std::uint64_t headroom = headroom_for(blocks);
      const std::uint64_t journal = journal_for(blocks);
      auto placement = attempt(geometry_for(blocks, blocks_per_group, headroom), journal);
      if (!placement) {
        data += 1;
      } else if (placement->shortage() > 0) {
        data += placement->shortage();
      } else if (placement->free_blocks() < headroom) {
        data += headroom - placement->free_blocks();
      } else {
        return {std::move(placement), journal};
      }
    }
  }

 private:
  /// The fewest blocks whose geometry leaves room for `data` blocks, the journal and the headroom.
  std::uint64_t fewest_blocks(std::uint64_t data, std::uint32_t blocks_per_group) const {
    std::uint64_t blocks = data + 1;
    while (true) {
      if (blocks > kMaxFilesystemBlocks) {
        throw Error(ErrorCode::NoSpace,
                    fmt::format("the contents need more than {}, the most that ext4 with blocks of {} bytes holds; use "
                                "a larger block_size",
                                format_size(kMaxFilesystemBlocks * contents_.settings().block_size),
                                contents_.settings().block_size));
      }
      const std::uint64_t headroom = headroom_for(blocks);
      const Geometry geometry = geometry_for(blocks, blocks_per_group, headroom);
      std::uint64_t needed =
          std::max(geometry.overhead_blocks() + data + journal_for(blocks) + headroom, geometry.min_blocks());
      if (geometry.inodes() < contents_.last_inode()) needed = std::max(needed, blocks + blocks_per_group);
      if (geometry.blocks < blocks) needed = std::max(needed, blocks + 1);  // the last group was too small
      if (needed <= blocks) return blocks;
      blocks = needed;
    }
  }

  const Contents& contents_;
  const SizingRequest& request_;
};

}  // namespace

std::optional<SizedLayout> lay_out_fixed(const Contents& contents, const SizingRequest& request, std::uint64_t blocks) {
  const Sizer sizer(contents, request);
  const std::uint32_t blocks_per_group = 8 * contents.settings().block_size;
  const bool journaled = request.journal_blocks || blocks >= kMinBlocksForJournal;
  const std::uint64_t journal = journaled ? sizer.journal_for(blocks) : 0;
  const auto attempt = [&](std::uint64_t free_blocks) -> std::unique_ptr<const Placement> {
    const Geometry geometry = sizer.geometry_for(blocks, blocks_per_group, free_blocks);
    if (geometry.inodes() < contents.last_inode() || geometry.blocks < geometry.min_blocks()) return nullptr;
    auto placement = sizer.attempt(geometry, journal);
    return placement && placement->shortage() == 0 ? std::move(placement) : nullptr;
  };

  auto placement = attempt(0);
  if (!placement) return std::nullopt;
  // Free space wants free inodes: a tree of many small files has used up what inode_ratio gives.
  const std::uint64_t free_inodes = placement->geometry().inodes() - contents.last_inode();
  if (placement->free_blocks() * contents.settings().block_size / request.inode_ratio > free_inodes) {
    if (auto roomier = attempt(placement->free_blocks())) placement = std::move(roomier);
  }
  return SizedLayout{std::move(placement), journal};
}

SizedLayout lay_out_fitted(const Contents& contents, const SizingRequest& request) {
  const Sizer sizer(contents, request);
  const std::uint32_t block_size = contents.settings().block_size;
  SizedLayout best;
  // A group holds as many inodes as its bitmap has bits. Where small files would leave groups of the usual size half
  // empty, smaller groups waste less.
  for (std::uint32_t per_group = 8 * block_size; per_group >= kMinBlocksPerGroup; per_group /= 2) {
    SizedLayout layout = sizer.fit(per_group);
    if (!best.placement || layout.placement->geometry().blocks < best.placement->geometry().blocks) {
      best = std::move(layout);
    }
    const std::uint64_t blocks = best.placement->geometry().blocks;
    const std::uint64_t unused = best.placement->free_blocks() - sizer.headroom_for(blocks);
    if (unused <= std::max(kToleratedFreeBytes / block_size, blocks * kToleratedFreePercent / 100)) break;
  }
  return best;
}

}  // namespace fstool::ext4

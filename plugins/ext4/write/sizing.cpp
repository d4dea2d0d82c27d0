#include "write/sizing.h"

#include <fmt/format.h>

#include <algorithm>

#include "fstool/error.h"
#include "fstool/size.h"
#include "write/journal.h"
#include "write/orphan_file.h"

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
  Sizer(const Contents& contents, const SizingRequest& request, const Context& context)
      : contents_(contents), profile_(contents.profile()), request_(request), context_(context) {}

  /// Lays out with everything given. Nothing if the groups' tables don't fit.
  std::unique_ptr<const Placement> attempt(const Geometry& geometry, const SpecialFiles& special,
                                           const Alignment& alignment) const {
    context_.check_cancelled();
    if (!geometry.groups_are_large_enough()) return nullptr;
    GroupTables tables;
    FreeRuns free;
    if (!place_group_tables(geometry, tables, free)) return nullptr;
    return std::make_unique<const Placement>(contents_, geometry, std::move(tables), free.runs(), special, alignment);
  }

  Geometry geometry_for(std::uint64_t blocks, std::uint32_t blocks_per_group, std::uint64_t free_blocks) const {
    GeometryRequest wanted;
    wanted.blocks = blocks;
    wanted.blocks_per_group = blocks_per_group;
    if (request_.inode_count > 0) {
      wanted.inodes = min_inodes();
    } else {
      const std::uint64_t block_size = profile_.block_size;
      wanted.inodes = std::max<std::uint64_t>(blocks * block_size / request_.inode_ratio,
                                              contents_.last_inode() + free_blocks * block_size / request_.inode_ratio);
    }
    return make_geometry(profile_, wanted);
  }

  SpecialFiles special_for(std::uint64_t blocks) const {
    SpecialFiles special;
    if (profile_.has_journal())
      special.journal_blocks = request_.journal_blocks.value_or(default_journal_blocks(blocks));
    if (profile_.has_orphan_file()) special.orphan_file_blocks = default_orphan_file_blocks(blocks);
    return special;
  }

  Alignment alignment() const {
    const std::uint64_t multiple = profile_.cluster_alignment / profile_.block_size;
    if (multiple <= 1) return {};
    return {multiple, profile_.disk_offset / profile_.block_size % multiple};
  }

  std::uint64_t headroom_for(std::uint64_t blocks) const {
    if (request_.free_bytes == 0 && request_.free_percent == 0) return 0;
    // Where there are extents, Linux keeps some blocks to itself, even from root: without them in addition, nothing
    // could be written into a small headroom (fs/ext4/super.c, s_resv_clusters).
    constexpr std::uint64_t kMaxKernelReserve = 4096;
    const std::uint64_t kernel_reserve = profile_.has_extents() ? std::min(blocks / 50, kMaxKernelReserve) : 0;
    return kernel_reserve +
           std::max(div_ceil(request_.free_bytes, profile_.block_size), div_ceil(blocks * request_.free_percent, 100));
  }

  /// The smallest layout found with groups of this size; nothing if there is none of `most` blocks or fewer.
  std::optional<SizedLayout> fit(std::uint32_t blocks_per_group, std::uint64_t most) const {
    // What the contents need is found out by trying: a first, too small layout says how much is missing. Files that
    // must be cut into more pieces than expected take further blocks for their maps, hence the loop.
    std::uint64_t data = 1 + contents_.directory_blocks() + contents_.xattr_block_count();
    std::optional<SizedLayout> fitting;
    std::uint64_t spare = 0;
    std::uint64_t room_for_tables = 1;
    while (true) {
      const std::optional<std::uint64_t> blocks = fewest_blocks(data, blocks_per_group, most);
      if (!blocks) return fitting;
      const std::uint64_t headroom = headroom_for(*blocks);
      const SpecialFiles special = special_for(*blocks);
      auto placement = attempt(geometry_for(*blocks, blocks_per_group, headroom), special, alignment());
      if (!placement) {
        data += room_for_tables;
        room_for_tables *= 2;
      } else if (placement->shortage() > 0) {
        data += placement->shortage();
      } else if (placement->free_blocks() < headroom) {
        data += headroom - placement->free_blocks();
      } else {
        // A file may lie in pieces only because the space is just enough: a little more makes it whole.
        const std::uint64_t splits = placement->splits();
        const std::uint64_t more = placement->smallest_split();
        if (!fitting || splits < fitting->placement->splits()) fitting = SizedLayout{std::move(placement), special};
        spare += more;
        if (splits == 0 || spare * profile_.block_size > kToleratedFreeBytes / 2) return fitting;
        data += more;
      }
    }
  }

  /// The inodes that there have to be.
  std::uint64_t min_inodes() const { return std::max<std::uint64_t>(request_.inode_count, contents_.last_inode()); }

 private:
  /// The fewest blocks whose geometry leaves room for `data` blocks, the journal and the headroom; nothing if these
  /// are more than `most`.
  std::optional<std::uint64_t> fewest_blocks(std::uint64_t data, std::uint32_t blocks_per_group,
                                             std::uint64_t most) const {
    std::uint64_t blocks = data + 1;
    while (blocks <= most) {
      context_.check_cancelled();
      const std::uint64_t headroom = headroom_for(blocks);
      const SpecialFiles special = special_for(blocks);
      const Geometry geometry = geometry_for(blocks, blocks_per_group, headroom);
      if (!geometry.groups_are_large_enough()) return std::nullopt;
      std::uint64_t needed =
          std::max(geometry.overhead_blocks() + data + special.journal_blocks + special.orphan_file_blocks + headroom,
                   geometry.min_blocks());
      if (geometry.inodes() < min_inodes()) {
        const std::uint64_t groups = div_ceil(min_inodes(), geometry.inodes_per_group);
        needed = std::max(needed, geometry.min_blocks_with(groups - 1));
      }
      const bool last_group_dropped = geometry.blocks < blocks;
      if (last_group_dropped) needed = std::max({needed, blocks + 1, geometry.min_blocks_with(geometry.groups)});
      if (needed <= blocks) return blocks;
      blocks = needed;
    }
    return std::nullopt;
  }

  const Contents& contents_;
  const Profile& profile_;
  const SizingRequest& request_;
  const Context& context_;
};

std::uint32_t largest_group(const Profile& profile) {
  return profile.blocks_per_group > 0 ? profile.blocks_per_group : max_blocks_per_group(profile.block_size);
}

/// The size of the groups that are tried when groups of `per_group` blocks are too large; 0: there is none.
std::uint32_t smaller_group(const Profile& profile, std::uint32_t per_group) {
  const std::uint32_t half = per_group / 2 / 8 * 8;
  return profile.blocks_per_group > 0 || half < kMinBlocksPerGroup ? 0 : half;
}

[[noreturn]] void throw_too_large(const Profile& profile) {
  throw Error(ErrorCode::NoSpace,
              fmt::format("the contents need more than ext4 holds ({} with blocks of {} bytes{}); use a larger {}",
                          format_size(kMaxFilesystemBlocks * profile.block_size), profile.block_size,
                          profile.blocks_per_group > 0 ? fmt::format(" and groups of {}", profile.blocks_per_group)
                                                       : std::string{},
                          profile.blocks_per_group > 0 ? "blocks_per_group" : "block_size"));
}

}  // namespace

std::optional<SizedLayout> lay_out_fixed(const Contents& contents, const SizingRequest& request, std::uint64_t blocks,
                                         const Context& context) {
  const Profile& profile = contents.profile();
  const Sizer sizer(contents, request, context);
  SpecialFiles special = sizer.special_for(blocks);
  if (!request.journal_blocks && blocks < kMinBlocksForJournal) special.journal_blocks = 0;
  std::uint32_t per_group = largest_group(profile);
  const auto attempt = [&](std::uint64_t free_blocks) -> std::unique_ptr<const Placement> {
    const Geometry geometry = sizer.geometry_for(blocks, per_group, free_blocks);
    if (geometry.inodes() < sizer.min_inodes() || geometry.blocks < geometry.min_blocks()) return nullptr;
    for (const Alignment& alignment : {sizer.alignment(), Alignment{}}) {
      auto placement = sizer.attempt(geometry, special, alignment);
      if (placement && placement->shortage() == 0) return placement;
    }
    return nullptr;
  };

  // A group holds as many inodes as its bitmap has bits: for many small files, groups have to be small and many.
  auto placement = attempt(0);
  while (!placement) {
    per_group = smaller_group(profile, per_group);
    if (per_group == 0) return std::nullopt;
    placement = attempt(0);
  }
  // Free space wants free inodes: a tree of many small files has used up what inode_ratio gives.
  const std::uint64_t free_inodes = placement->geometry().inodes() - contents.last_inode();
  if (request.inode_count == 0 && placement->free_blocks() * profile.block_size / request.inode_ratio > free_inodes) {
    if (auto roomier = attempt(placement->free_blocks())) placement = std::move(roomier);
  }
  return SizedLayout{std::move(placement), special};
}

SizedLayout lay_out_fitted(const Contents& contents, const SizingRequest& request, const Context& context) {
  const Profile& profile = contents.profile();
  const Sizer sizer(contents, request, context);
  auto best = sizer.fit(largest_group(profile), kMaxFilesystemBlocks);
  if (!best) throw_too_large(profile);
  // A group holds as many inodes as its bitmap has bits. Where small files would leave groups of the usual size half
  // empty, smaller groups waste less.
  std::uint32_t per_group = largest_group(profile);
  while ((per_group = smaller_group(profile, per_group)) > 0) {
    const std::uint64_t blocks = best->placement->geometry().blocks;
    const std::uint64_t unused = best->placement->free_blocks() - sizer.headroom_for(blocks);
    const bool tight =
        unused <= std::max(kToleratedFreeBytes / profile.block_size, blocks * kToleratedFreePercent / 100);
    if (tight) break;
    if (auto smaller = sizer.fit(per_group, blocks - 1)) best = std::move(smaller);
  }
  return std::move(*best);
}

}  // namespace fstool::ext4

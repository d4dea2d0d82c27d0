/// \file
/// Sizing: finds the layout for a given size, or the smallest one that holds the contents.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "fstool/context.h"
#include "write/contents.h"
#include "write/placement.h"

namespace fstool::ext4 {

struct SizingRequest {
  std::uint32_t inode_ratio = 16384;            ///< bytes for which there is at least one inode
  std::uint64_t inode_count = 0;                ///< at least so many inodes; takes the ratio's place unless 0
  std::optional<std::uint64_t> journal_blocks;  ///< nothing: by the size; none without the feature has_journal
  std::uint64_t free_bytes = 0;                 ///< headroom
  std::uint32_t free_percent = 0;               ///< headroom, of all blocks
};

/// A layout that holds everything.
struct SizedLayout {
  std::unique_ptr<const Placement> placement;
  SpecialFiles special;
};

/// The most blocks that fstool gives an ext4 file system.
inline constexpr std::uint64_t kMaxFilesystemBlocks = 0xFFFFFFFF;

/// The layout with exactly `blocks` blocks (or a little less, if the last group would be too small), or nothing if the
/// contents don't fit.
std::optional<SizedLayout> lay_out_fixed(const Contents& contents, const SizingRequest& request, std::uint64_t blocks,
                                         const Context& context);

/// The smallest layout that holds the contents and the headroom. Throws Error(NoSpace) beyond kMaxFilesystemBlocks, or
/// where groups of the size asked for can't even hold the descriptors of so many groups.
SizedLayout lay_out_fitted(const Contents& contents, const SizingRequest& request, const Context& context);

}  // namespace fstool::ext4

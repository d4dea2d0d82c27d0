/// \file
/// Goes through all of a file's block map, damaged as it may be: extent trees, and the block pointers of ext2 and ext3.
/// The readers of plugins/ext4/read/ stop at the first damage and leave out what was not written; a check needs it all.
#pragma once

#include <cstdint>
#include <string>

#include "read/file_map.h"
#include "read/volume_state.h"

namespace fstool::ext4 {

/// Blocks of a file side by side, written or not.
struct CheckedExtent {
  std::uint64_t logical = 0;   ///< first block of the file
  std::uint64_t physical = 0;  ///< first block of the file system
  std::uint32_t length = 0;    ///< blocks, at least 1
  bool written = true;         ///< false: allocated, and reads as zeros
};

/// Hears what a map has.
class MapVisitor {
 public:
  virtual ~MapVisitor() = default;
  /// A block of the map itself, which lies in the file system. False: it is not gone into.
  virtual bool map_block(std::uint64_t block) = 0;
  /// Lies in the file system.
  virtual void extent(const CheckedExtent& extent) = 0;
  /// A sentence without a subject.
  virtual void damage(std::string what) = 0;
};

/// Visits all blocks of the map that `root` begins. Each block of the map is read once if the visitor refuses those it
/// has seen; the depth is bounded. Throws Error(Corrupt) if the image ends before a block of the map.
void walk_map(const VolumeState& volume, const MapRoot& root, MapVisitor& visitor);

}  // namespace fstool::ext4

/// \file
/// Goes through the block pointers of ext2 and ext3.
#pragma once

#include <cstdint>
#include <optional>

#include "check/map_walk.h"

namespace fstool::ext4 {

class IndirectWalk {
 public:
  /// All arguments must outlive this.
  IndirectWalk(const VolumeState& volume, const MapRoot& root, MapVisitor& visitor);

  void run();

 private:
  /// Visits what is below the pointer `block` to blocks of pointers `levels` deep (0: to data), as blocks of the file
  /// from next_ on.
  void walk_pointer(std::uint32_t block, unsigned levels);
  void add_data(std::uint32_t block);
  /// Tells of the run of blocks that was gathered.
  void flush();

  const VolumeState& volume_;
  const MapRoot& root_;
  MapVisitor& visitor_;
  std::uint64_t pointers_per_block_;
  std::uint64_t next_ = 0;                // block of the file
  std::optional<CheckedExtent> pending_;  // blocks that go on side by side
};

}  // namespace fstool::ext4

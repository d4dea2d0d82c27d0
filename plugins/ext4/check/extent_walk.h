/// \file
/// Goes through an extent tree.
#pragma once

#include <cstdint>
#include <span>

#include "check/map_walk.h"
#include "ondisk/extent_tree.h"

namespace fstool::ext4 {

class ExtentWalk {
 public:
  /// All arguments must outlive this.
  ExtentWalk(const VolumeState& volume, const MapRoot& root, MapVisitor& visitor)
      : volume_(volume), root_(root), visitor_(visitor) {}

  void run();

 private:
  /// The blocks of the file that a part of the tree may be about.
  struct Range {
    std::uint64_t first;
    std::uint64_t end;
    bool is_exact;  ///< it has to begin with the first, as an index says
  };

  void walk_node(std::span<const std::byte> bytes, unsigned depth, Range range);
  void walk_leaf(std::span<const std::byte> entries, Range range);
  void walk_index(std::span<const std::byte> entries, unsigned depth, Range range);
  void walk_child(std::uint64_t block, unsigned depth, Range range);
  void check_seal(std::span<const std::byte> bytes, std::uint64_t block);

  const VolumeState& volume_;
  const MapRoot& root_;
  MapVisitor& visitor_;
};

}  // namespace fstool::ext4

/// \file
/// Reads the extent tree of an inode.
#pragma once

#include <cstdint>
#include <span>

#include "ondisk/extent_tree.h"
#include "read/file_map.h"
#include "read/volume_state.h"

namespace fstool::ext4 {

class ExtentTreeReader {
 public:
  /// All arguments must outlive this. Blocks of the file from `limit_blocks` on, and the parts of the tree that are
  /// about them alone, are left out.
  ExtentTreeReader(const VolumeState& volume, const MapRoot& root, std::uint64_t limit_blocks, BlockClaims& claims,
                   MapScope scope);

  /// All extents of the scope. Throws Error(Corrupt) if the tree is damaged.
  FileMap read();

 private:
  /// The blocks of the file that a part of the tree may be about.
  struct Range {
    std::uint64_t first;
    std::uint64_t end;
  };

  void read_node(std::span<const std::byte> bytes, unsigned depth, Range range);
  void read_leaf(std::span<const std::byte> entries, Range range);
  void read_index(std::span<const std::byte> entries, unsigned depth, Range range);
  void read_child(std::uint64_t block, unsigned depth, Range range);
  void check_seal(std::span<const std::byte> bytes, std::uint64_t block) const;

  const VolumeState& volume_;
  const MapRoot& root_;
  std::uint64_t limit_blocks_;
  BlockClaims& claims_;
  MapScope scope_;
  std::uint64_t mapped_ = 0;  // blocks, the unwritten ones included
  FileMap map_;
};

}  // namespace fstool::ext4

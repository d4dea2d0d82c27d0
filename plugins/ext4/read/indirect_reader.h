/// \file
/// Reads the block pointers of ext2 and ext3 (Linux Documentation/filesystems/ext4, "Direct/Indirect Block
/// Addressing"): twelve in the inode, then one block of pointers, one of pointers to such blocks, and one of pointers
/// to those.
#pragma once

#include <cstdint>

#include "read/file_map.h"
#include "read/volume_state.h"

namespace fstool::ext4 {

class IndirectReader {
 public:
  /// All arguments must outlive this. Blocks of the file from `limit_blocks` on are left out.
  IndirectReader(const VolumeState& volume, const MapRoot& root, std::uint64_t limit_blocks, BlockClaims& claims);

  /// Throws Error(Corrupt) if a pointer leads out of the file system or a block of pointers is used twice.
  FileMap read();

 private:
  /// Adds what is below the pointer `block` to blocks of pointers `levels` deep (0: to data), as blocks of the file
  /// from next_ on.
  void read_pointer(std::uint32_t block, unsigned levels);

  const VolumeState& volume_;
  const MapRoot& root_;
  std::uint64_t limit_blocks_;
  BlockClaims& claims_;
  std::uint64_t pointers_per_block_;
  std::uint64_t next_ = 0;    // block of the file
  std::uint64_t mapped_ = 0;  // blocks
  FileMap map_;
};

}  // namespace fstool::ext4

/// \file
/// Finds a superblock that can be used: the primary one, or a backup of it if that is damaged.
#pragma once

#include <cstdint>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "read/layout.h"

namespace fstool::ext4 {

struct FoundSuperblock {
  Superblock superblock;
  Layout layout;
  std::uint64_t group = 0;  ///< the block group whose copy it is; 0: the primary one
};

/// Reports damage to `context` if the primary superblock's checksum is wrong or a backup had to be used. Throws
/// Error(Corrupt) if there is no usable superblock, Error(Unsupported) naming the features if it has some that can't be
/// read.
FoundSuperblock find_superblock(const Blob& image, Context& context);

/// True if `a` and `b` agree in what all copies of a superblock have in common all the time.
bool describe_same_volume(const Layout& a, const Layout& b);

/// The 1024 bytes at `offset`. Throws Error(Corrupt) if the image ends before them.
Superblock read_superblock(const Blob& image, std::uint64_t offset);

}  // namespace fstool::ext4

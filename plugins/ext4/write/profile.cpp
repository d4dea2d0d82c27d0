#include "write/profile.h"

#include "ondisk/checksum_seed.h"
#include "ondisk/inode.h"

namespace fstool::ext4 {

std::size_t Profile::inode_xattr_space() const {
  return inode_size > kOldInodeSize ? inode_size - kOldInodeSize - kExtraIsize : 0;
}

std::uint64_t Profile::resize_inode_bytes() const {
  if (!has_resize_inode()) return 0;
  const std::uint64_t pointers = block_size / sizeof(std::uint32_t);
  return (kDirectPointers + pointers + pointers * pointers) * block_size;
}

std::uint32_t Profile::checksum_seed() const { return filesystem_checksum_seed(uuid); }

std::uint32_t Profile::inode_checksum_seed(std::uint32_t inode) const {
  return ext4::inode_checksum_seed(checksum_seed(), inode, 0);
}

}  // namespace fstool::ext4

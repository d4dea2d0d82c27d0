#include "write/orphan_file.h"

#include <algorithm>
#include <cstring>

#include "ondisk/checksum_seed.h"
#include "ondisk/orphan_file.h"

namespace fstool::ext4 {

std::uint64_t default_orphan_file_blocks(std::uint64_t blocks) {
  return std::clamp<std::uint64_t>(blocks / 4096, 32, 512);
}

std::vector<std::byte> build_orphan_file_block(std::uint32_t block_size, std::uint64_t physical,
                                               std::uint32_t inode_seed, bool has_checksum) {
  std::vector<std::byte> block(block_size);
  const std::size_t inodes = block_size - sizeof(OrphanBlockTail);
  OrphanBlockTail tail{};
  tail.magic = kOrphanBlockMagic;
  if (has_checksum) {
    tail.checksum = crc32c(crc32c_of(inode_seed, little_uint64_t(physical)), std::span(block).first(inodes));
  }
  std::memcpy(block.data() + inodes, &tail, sizeof(tail));
  return block;
}

}  // namespace fstool::ext4

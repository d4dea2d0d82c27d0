#include "write/journal.h"

#include <cstring>

#include "ondisk/jbd2.h"

namespace fstool::ext4 {

std::uint64_t default_journal_blocks(std::uint64_t blocks) {
  constexpr std::uint64_t k = 1024;
  if (blocks < 32 * k) return kMinJournalBlocks;
  if (blocks < 256 * k) return 4 * k;
  if (blocks < 512 * k) return 8 * k;
  if (blocks < 4096 * k) return 16 * k;
  if (blocks < 8192 * k) return 32 * k;
  if (blocks < 16384 * k) return 64 * k;
  if (blocks < 32768 * k) return 128 * k;
  return 256 * k;
}

std::vector<std::byte> build_journal_superblock(std::uint32_t block_size, std::uint64_t journal_blocks) {
  JournalSuperblock superblock{};
  superblock.magic = kJournalMagic;
  superblock.block_type = kSuperblockVersion2;
  superblock.block_size = block_size;
  superblock.max_blocks = static_cast<std::uint32_t>(journal_blocks);
  superblock.first_block = 1;
  superblock.sequence = 1;
  superblock.user_count = 1;
  std::vector<std::byte> block(block_size);
  std::memcpy(block.data(), &superblock, sizeof(superblock));
  return block;
}

}  // namespace fstool::ext4

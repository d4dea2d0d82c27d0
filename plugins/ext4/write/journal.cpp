#include "write/journal.h"

#include <cstring>

#include "ondisk/jbd2.h"

namespace fstool::ext4 {

std::uint64_t default_journal_blocks(std::uint64_t blocks) {
  constexpr std::uint64_t kKi = 1024;
  if (blocks < 32 * kKi) return kMinJournalBlocks;
  if (blocks < 256 * kKi) return 4 * kKi;
  if (blocks < 512 * kKi) return 8 * kKi;
  if (blocks < 4096 * kKi) return 16 * kKi;
  if (blocks < 8192 * kKi) return 32 * kKi;
  if (blocks < 16384 * kKi) return 64 * kKi;
  if (blocks < 32768 * kKi) return 128 * kKi;
  return 256 * kKi;
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

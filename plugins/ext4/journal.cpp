#include "journal.h"

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstring>

namespace fstool::ext4 {

namespace {

using boost::endian::big_uint32_t;

/// struct journal_superblock_s, as far as a fresh journal fills it. Big-endian, unlike all the rest of ext4.
struct JournalSuperblock {
  big_uint32_t magic;
  big_uint32_t block_type;  // 4: superblock, version 2
  big_uint32_t header_sequence;
  big_uint32_t block_size;
  big_uint32_t max_blocks;
  big_uint32_t first_block;  // of log information
  big_uint32_t sequence;     // of the first commit to expect
  big_uint32_t start;        // 0: the log is empty
  big_uint32_t error;
  big_uint32_t feature_compat;
  big_uint32_t feature_incompat;
  big_uint32_t feature_ro_compat;
  std::array<std::byte, 16> uuid;
  big_uint32_t user_count;
};
static_assert(sizeof(JournalSuperblock) == 0x44);

constexpr std::uint32_t kJournalMagic = 0xC03B3998;
constexpr std::uint32_t kSuperblockVersion2 = 4;

}  // namespace

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

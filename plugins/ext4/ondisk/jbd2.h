/// \file
/// The journal's own structures (Linux Documentation/filesystems/ext4, "Journal (jbd2)"). Big-endian, unlike all the
/// rest of ext4.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

namespace fstool::ext4 {

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

inline constexpr std::uint32_t kJournalMagic = 0xC03B3998;
inline constexpr std::uint32_t kSuperblockVersion2 = 4;

}  // namespace fstool::ext4

/// \file
/// The journal's own structures (Linux Documentation/filesystems/ext4, "Journal (jbd2)"). Big-endian, unlike all the
/// rest of ext4.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

namespace fstool::ext4 {

using boost::endian::big_uint16_t;
using boost::endian::big_uint32_t;
using boost::endian::big_uint64_t;

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
inline constexpr std::uint32_t kSuperblockVersion1 = 3;
inline constexpr std::uint32_t kSuperblockVersion2 = 4;

/// What follows JournalSuperblock in one of version 2, up to the end of its 1024 bytes.
struct JournalSuperblockTail {
  big_uint32_t dynamic_superblock;
  big_uint32_t max_transaction;
  big_uint32_t max_transaction_data;
  std::uint8_t checksum_type;  // 4: crc32c
  std::array<std::uint8_t, 3> padding;
  big_uint32_t fast_commit_blocks;  // 0: kDefaultFastCommitBlocks
  big_uint32_t head;
  std::array<big_uint32_t, 40> reserved;
  big_uint32_t checksum;  // crc32c of all 1024 bytes with zero in its place
  std::array<std::byte, 768> users;
};
static_assert(sizeof(JournalSuperblock) + sizeof(JournalSuperblockTail) == 1024);

// Features of the journal.
inline constexpr std::uint32_t kJournalCompatChecksum = 0x01;  // commit blocks have a CRC-32 of the transaction
inline constexpr std::uint32_t kJournalIncompatRevoke = 0x01;
inline constexpr std::uint32_t kJournalIncompat64bit = 0x02;
inline constexpr std::uint32_t kJournalIncompatAsyncCommit = 0x04;
inline constexpr std::uint32_t kJournalIncompatChecksumV2 = 0x08;
inline constexpr std::uint32_t kJournalIncompatChecksumV3 = 0x10;
inline constexpr std::uint32_t kJournalIncompatFastCommit = 0x20;

inline constexpr std::uint32_t kMinLogBlocks = 1024;
inline constexpr std::uint32_t kDefaultFastCommitBlocks = 256;

/// struct journal_header_s: begins each block of the log that is not data.
struct JournalHeader {
  big_uint32_t magic;
  big_uint32_t block_type;
  big_uint32_t sequence;  // of the transaction
};
static_assert(sizeof(JournalHeader) == 12);

// Values of JournalHeader::block_type.
inline constexpr std::uint32_t kDescriptorBlock = 1;  // tags, each of them for one of the data blocks that follow
inline constexpr std::uint32_t kCommitBlock = 2;
inline constexpr std::uint32_t kRevokeBlock = 5;

/// struct journal_block_tag_s. Without 64bit and checksums the block's high half is not there; with checksum v2 two
/// more bytes follow that mean nothing.
struct JournalTag {
  big_uint32_t block_lo;
  big_uint16_t checksum;  // v2: the low half of the crc32c
  big_uint16_t flags;
  big_uint32_t block_hi;
};
static_assert(sizeof(JournalTag) == 12);

/// struct journal_block_tag3_s, with checksum v3.
struct JournalTag3 {
  big_uint32_t block_lo;
  big_uint32_t flags;
  big_uint32_t block_hi;
  big_uint32_t checksum;
};
static_assert(sizeof(JournalTag3) == 16);

// Flags of a tag.
inline constexpr std::uint32_t kTagEscaped = 1;   // the data began with the journal's magic number, which was zeroed
inline constexpr std::uint32_t kTagSameUuid = 2;  // no UUID of 16 bytes follows the tag
inline constexpr std::uint32_t kTagLast = 8;
inline constexpr std::size_t kTagUuidBytes = 16;

/// struct commit_header.
struct CommitHeader {
  JournalHeader header;
  std::uint8_t checksum_type;  // 1: CRC-32
  std::uint8_t checksum_size;  // 4
  std::array<std::uint8_t, 2> padding;
  std::array<big_uint32_t, 8> checksum;
  big_uint64_t seconds;
  big_uint32_t nanoseconds;
};
static_assert(sizeof(CommitHeader) == 60);

/// struct jbd2_journal_revoke_header_s; block numbers of 4 bytes, or 8 with 64bit, follow.
struct RevokeHeader {
  JournalHeader header;
  big_uint32_t bytes;  // in use, with this header
};
static_assert(sizeof(RevokeHeader) == 16);

/// The checksum at the end of descriptor and revoke blocks with checksum v2 and v3.
inline constexpr std::size_t kJournalBlockTailBytes = 4;

/// The tag that begins an area of fast commits (struct ext4_fc_tl and ext4_fc_head). Little-endian.
struct FastCommitHead {
  boost::endian::little_uint16_t tag;
  boost::endian::little_uint16_t length;
  boost::endian::little_uint32_t features;
  boost::endian::little_uint32_t transaction;
};
static_assert(sizeof(FastCommitHead) == 12);
inline constexpr std::uint16_t kFastCommitHeadTag = 9;

}  // namespace fstool::ext4

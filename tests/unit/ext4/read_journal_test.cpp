// Journals made by hand, replayed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "fstool/checksum.h"
#include "fstool/error.h"
#include "ondisk/checksum_seed.h"
#include "read/journal_replay.h"
#include "read/overlay_blob.h"

namespace fstool::ext4 {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t kBlockSize = 1024;
constexpr std::uint32_t kJournalBlocks = 32;
constexpr std::uint64_t kJournalStart = 100;  // block of the file system
constexpr std::uint64_t kBlocks = 200;
constexpr std::uint32_t kSequence = 0xFFFFFFFE;  // the numbers of transactions wrap around

struct Block {
  std::uint64_t number;
  std::uint8_t fill;  // all bytes of its data
  bool escaped = false;
};

/// Writes a log into the image of a file system.
class Journal {
 public:
  explicit Journal(LogChecksum checksum = LogChecksum::None, std::uint32_t incompat = 0, std::uint32_t start = 1)
      : image_(kBlocks * kBlockSize), checksum_(checksum), position_(start) {
    if (checksum == LogChecksum::V2) incompat |= kJournalIncompatChecksumV2;
    if (checksum == LogChecksum::V3) incompat |= kJournalIncompatChecksumV3;
    incompat_ = incompat;
    JournalSuperblock superblock{};
    superblock.magic = kJournalMagic;
    superblock.block_type = kSuperblockVersion2;
    superblock.block_size = kBlockSize;
    superblock.max_blocks = kJournalBlocks;
    superblock.first_block = 1;
    superblock.sequence = kSequence;
    superblock.start = start;
    superblock.feature_compat = checksum == LogChecksum::V1 ? kJournalCompatChecksum : 0;
    superblock.feature_incompat = incompat;
    superblock.uuid.fill(std::byte{7});
    JournalSuperblockTail tail{};
    tail.checksum_type = 4;
    put(at(0), superblock);
    put(at(0) + sizeof(superblock), tail);
    tail.checksum = crc32c(~0U, std::span(image_).subspan(at(0), 1024));
    put(at(0) + sizeof(superblock), tail);
    seed_ = crc32c(~0U, superblock.uuid);
  }

  /// A descriptor block and its data.
  void descriptor(std::uint32_t sequence, const std::vector<Block>& blocks) {
    const std::size_t begin = next();
    put(begin, header(kDescriptorBlock, sequence));
    std::size_t tag_at = begin + sizeof(JournalHeader);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const std::size_t data = next();
      std::memset(image_.data() + data, blocks[i].fill, kBlockSize);
      if (blocks[i].escaped) std::memset(image_.data() + data, 0, 4);
      const std::uint32_t flags =
          (blocks[i].escaped ? kTagEscaped : 0) | (i > 0 ? kTagSameUuid : 0) | (i + 1 == blocks.size() ? kTagLast : 0);
      const std::uint32_t crc =
          crc32c(crc32c_of(seed_, big_uint32_t(sequence)), std::span(image_).subspan(data, kBlockSize));
      tag_at += put_tag(tag_at, blocks[i].number, flags, crc) + (i == 0 ? kTagUuidBytes : 0);
    }
    seal(begin);
  }

  void revoke(std::uint32_t sequence, const std::vector<std::uint64_t>& blocks) {
    const std::size_t begin = next();
    const bool wide = (incompat_ & kJournalIncompat64bit) != 0;
    const std::size_t record = wide ? 8 : 4;
    RevokeHeader revoke{header(kRevokeBlock, sequence), {}};
    revoke.bytes = static_cast<std::uint32_t>(sizeof(revoke) + record * blocks.size());
    put(begin, revoke);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const std::size_t offset = begin + sizeof(revoke) + i * record;
      if (wide) {
        put(offset, big_uint64_t(blocks[i]));
      } else {
        put(offset, big_uint32_t(static_cast<std::uint32_t>(blocks[i])));
      }
    }
    seal(begin);
  }

  /// `seconds`: when. Without `sealed`, with a wrong checksum.
  void commit(std::uint32_t sequence, std::uint64_t seconds = 1000, bool sealed = true) {
    const std::size_t begin = next();
    CommitHeader commit{};
    commit.header = header(kCommitBlock, sequence);
    commit.seconds = seconds;
    put(begin, commit);
    if (checksum_ != LogChecksum::V2 && checksum_ != LogChecksum::V3) return;
    commit.checksum[0] = crc32c(seed_, std::span(image_).subspan(begin, kBlockSize)) ^ (sealed ? 0 : 1);
    put(begin, commit);
  }

  std::vector<ReplacedBlock> replay() const {
    const BlockReader blocks(make_memory_blob(image_), kBlockSize, kBlocks);
    const JournalLog log(blocks, {{0, kJournalBlocks, kJournalStart}});
    return JournalReplay(log, kBlocks).run();
  }
  /// The first byte and the fifth of a block of the file system after the replay.
  std::pair<int, int> byte_of(std::uint64_t block) const {
    const OverlayBlob overlay(make_memory_blob(image_), kBlockSize, replay());
    std::array<std::byte, 5> bytes;
    overlay.read(block * kBlockSize, bytes);
    return {std::to_integer<int>(bytes[0]), std::to_integer<int>(bytes[4])};
  }
  /// The numbers of the blocks that are replaced.
  std::vector<std::uint64_t> replaced() const {
    std::vector<std::uint64_t> numbers;
    for (const ReplacedBlock& block : replay()) numbers.push_back(block.block);
    return numbers;
  }

  /// Spoils the byte at `offset` of block `position` of the journal.
  void spoil(std::uint32_t position, std::size_t offset) { image_[at(position) + offset] ^= std::byte{0x40}; }
  template <class T>
  void put_at(std::uint32_t position, const T& object) {
    put(at(position), object);
  }

 private:
  static std::size_t at(std::uint32_t position) { return (kJournalStart + position) * kBlockSize; }
  std::size_t next() {
    const std::size_t offset = at(position_);
    position_ = position_ + 1 < kJournalBlocks ? position_ + 1 : 1;
    std::memset(image_.data() + offset, 0, kBlockSize);
    return offset;
  }
  static JournalHeader header(std::uint32_t type, std::uint32_t sequence) {
    JournalHeader result{};
    result.magic = kJournalMagic;
    result.block_type = type;
    result.sequence = sequence;
    return result;
  }
  template <class T>
  void put(std::size_t offset, const T& object) {
    std::memcpy(image_.data() + offset, &object, sizeof(object));
  }
  std::size_t put_tag(std::size_t offset, std::uint64_t block, std::uint32_t flags, std::uint32_t crc) {
    if (checksum_ == LogChecksum::V3) {
      JournalTag3 tag{};
      tag.block_lo = static_cast<std::uint32_t>(block);
      tag.flags = flags;
      tag.checksum = crc;
      put(offset, tag);
      return sizeof(tag);
    }
    JournalTag tag{};
    tag.block_lo = static_cast<std::uint32_t>(block);
    tag.checksum = static_cast<std::uint16_t>(crc);
    tag.flags = static_cast<std::uint16_t>(flags);
    put(offset, tag);
    const std::size_t bytes = (incompat_ & kJournalIncompat64bit) != 0 ? 12 : 8;
    return bytes + (checksum_ == LogChecksum::V2 ? 2 : 0);
  }
  void seal(std::size_t begin) {
    if (checksum_ != LogChecksum::V2 && checksum_ != LogChecksum::V3) return;
    const std::uint32_t crc = crc32c(seed_, std::span(image_).subspan(begin, kBlockSize));
    put(begin + kBlockSize - sizeof(crc), big_uint32_t(crc));
  }

  std::vector<std::byte> image_;
  LogChecksum checksum_;
  std::uint32_t incompat_ = 0;
  std::uint32_t position_;
  std::uint32_t seed_ = 0;
};

ErrorCode error_of(const Journal& journal) {
  try {
    journal.replay();
  } catch (const Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "the journal was replayed";
  return ErrorCode::Internal;
}

class JournalOfAnyKind : public testing::TestWithParam<std::pair<LogChecksum, std::uint32_t>> {
 protected:
  Journal make(std::uint32_t start = 1) const { return Journal(GetParam().first, GetParam().second, start); }
};

TEST_P(JournalOfAnyKind, TheNewestContentsCount) {
  Journal journal = make();
  journal.descriptor(kSequence, {{10, 1}, {11, 2}, {150, 3}});
  journal.commit(kSequence);
  journal.descriptor(kSequence + 1, {{11, 4}});
  journal.descriptor(kSequence + 1, {{12, 5}});
  journal.commit(kSequence + 1);
  EXPECT_THAT(journal.replaced(), ElementsAre(10, 11, 12, 150));
  EXPECT_EQ(journal.byte_of(10).first, 1);
  EXPECT_EQ(journal.byte_of(11).first, 4);
  EXPECT_EQ(journal.byte_of(12).first, 5);
  EXPECT_EQ(journal.byte_of(13).first, 0);
}

TEST_P(JournalOfAnyKind, AnIncompleteTransactionDoesNotCount) {
  Journal journal = make();
  journal.descriptor(kSequence, {{10, 1}});
  journal.commit(kSequence);
  journal.descriptor(kSequence + 1, {{10, 2}, {11, 2}});
  EXPECT_THAT(journal.replaced(), ElementsAre(10));
  EXPECT_EQ(journal.byte_of(10).first, 1);
}

TEST_P(JournalOfAnyKind, RevokedBlocksDoNotComeBack) {
  Journal journal = make();
  journal.descriptor(kSequence, {{10, 1}, {11, 1}, {12, 1}});
  journal.commit(kSequence);
  journal.descriptor(kSequence + 1, {{13, 2}});
  journal.revoke(kSequence + 1, {10, 11, 13});
  journal.commit(kSequence + 1);
  journal.descriptor(kSequence + 2, {{11, 3}});
  journal.commit(kSequence + 2);
  EXPECT_THAT(journal.replaced(), ElementsAre(11, 12));
  EXPECT_EQ(journal.byte_of(11).first, 3);
}

TEST_P(JournalOfAnyKind, TheLogIsARing) {
  Journal journal = make(kJournalBlocks - 2);
  journal.descriptor(kSequence, {{10, 1}, {11, 2}});
  journal.commit(kSequence);
  EXPECT_THAT(journal.replaced(), ElementsAre(10, 11));
  EXPECT_EQ(journal.byte_of(11).first, 2);
}

TEST_P(JournalOfAnyKind, EscapedBlocksGetTheirMagicBack) {
  Journal journal = make();
  journal.descriptor(kSequence, {{10, 9, true}});
  journal.commit(kSequence);
  EXPECT_EQ(journal.byte_of(10), std::pair(0xC0, 9));
}

TEST_P(JournalOfAnyKind, BlocksOutsideOfTheFileSystemAreDamage) {
  Journal journal = make();
  journal.descriptor(kSequence, {{kBlocks, 1}});
  journal.commit(kSequence);
  EXPECT_EQ(error_of(journal), ErrorCode::Corrupt);
}

INSTANTIATE_TEST_SUITE_P(Kinds, JournalOfAnyKind,
                         testing::Values(std::pair(LogChecksum::None, 0U),
                                         std::pair(LogChecksum::None, kJournalIncompat64bit),
                                         std::pair(LogChecksum::V1, 0U), std::pair(LogChecksum::V2, 0U),
                                         std::pair(LogChecksum::V2, kJournalIncompat64bit),
                                         std::pair(LogChecksum::V3, 0U),
                                         std::pair(LogChecksum::V3, kJournalIncompat64bit)));

TEST(Journal, AnEmptyLogReplacesNothing) { EXPECT_THAT(Journal(LogChecksum::V3, 0, 0).replay(), IsEmpty()); }

TEST(Journal, WrongChecksumsAreDamage) {
  for (const std::uint32_t position : {1U, 2U, 3U}) {  // descriptor, data and commit
    Journal journal(LogChecksum::V3);
    journal.descriptor(kSequence, {{10, 1}});
    journal.commit(kSequence);
    journal.spoil(position, 48);
    EXPECT_EQ(error_of(journal), ErrorCode::Corrupt) << position;
  }
}

TEST(Journal, WhatIsOlderThanTheLastTransactionIsNotItsSuccessor) {
  Journal journal(LogChecksum::V3);
  journal.descriptor(kSequence, {{10, 1}});
  journal.commit(kSequence, 2000);
  journal.descriptor(kSequence + 1, {{10, 2}});
  journal.commit(kSequence + 1, 1000, false);
  EXPECT_EQ(journal.byte_of(10).first, 1);
}

TEST(Journal, AnAsynchronousCommitMayBeIncomplete) {
  Journal journal(LogChecksum::V3, kJournalIncompatAsyncCommit);
  journal.descriptor(kSequence, {{10, 1}});
  journal.commit(kSequence);
  journal.descriptor(kSequence + 1, {{10, 2}});
  journal.commit(kSequence + 1, 1000, false);
  EXPECT_EQ(journal.byte_of(10).first, 1);
}

TEST(Journal, ATransactionLongerThanTheLogIsDamage) {
  Journal journal;
  journal.descriptor(kSequence, {{10, 1}, {11, 1}});
  // The log is full, and its first block is taken for the one behind its last.
  for (std::uint32_t position = 4; position < kJournalBlocks; position += 2) journal.descriptor(kSequence, {{10, 1}});
  EXPECT_EQ(error_of(journal), ErrorCode::Corrupt);
}

TEST(Journal, ADamagedSuperblockIsDamage) {
  Journal journal(LogChecksum::V3);
  journal.spoil(0, 0x28);
  EXPECT_EQ(error_of(journal), ErrorCode::Unsupported);
  journal.spoil(0, 0x28);
  journal.spoil(0, 0x50);
  EXPECT_EQ(error_of(journal), ErrorCode::Corrupt);
}

}  // namespace
}  // namespace fstool::ext4

#include "read/journal_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "fstool/error.h"
#include "ondisk/checksum_seed.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint32_t kReadableIncompat = kJournalIncompatRevoke | kJournalIncompat64bit |
                                            kJournalIncompatAsyncCommit | kJournalIncompatChecksumV2 |
                                            kJournalIncompatChecksumV3 | kJournalIncompatFastCommit;
constexpr std::size_t kSuperblockBytes = 1024;
constexpr std::uint8_t kChecksumCrc32c = 4;

[[noreturn]] void throw_corrupt(const std::string& what) {
  throw Error(ErrorCode::Corrupt, "the journal is damaged: " + what);
}

template <class T>
T load(std::span<const std::byte> bytes, std::size_t offset) {
  T object;
  std::memcpy(&object, bytes.data() + offset, sizeof(object));
  return object;
}

/// The crc32c of `bytes` with zeros in place of the four from `offset` on.
std::uint32_t crc32c_without(std::uint32_t seed, std::span<const std::byte> bytes, std::size_t offset) {
  std::uint32_t crc = crc32c(seed, bytes.first(offset));
  crc = crc32c_of(crc, big_uint32_t(0));
  return crc32c(crc, bytes.subspan(offset + sizeof(big_uint32_t)));
}

}  // namespace

JournalLog::JournalLog(const BlockReader& blocks, FileMap map) : blocks_(blocks), map_(std::move(map)) {
  parse(read(0));
}

void JournalLog::parse(std::span<const std::byte> block) {
  const auto superblock = load<JournalSuperblock>(block, 0);
  const bool version2 = superblock.block_type == kSuperblockVersion2;
  if (superblock.magic != kJournalMagic || (!version2 && superblock.block_type != kSuperblockVersion1)) {
    throw_corrupt("it has no superblock");
  }
  if (superblock.block_size != blocks_.block_size()) {
    throw_corrupt(
        fmt::format("its blocks have {} bytes instead of {}", superblock.block_size.value(), blocks_.block_size()));
  }
  end_ = superblock.max_blocks;
  first_ = superblock.first_block;
  sequence_ = superblock.sequence;
  start_ = superblock.start;
  if (version2) {
    incompat_ = superblock.feature_incompat;
    if ((incompat_ & ~kReadableIncompat) != 0) {
      throw Error(ErrorCode::Unsupported,
                  fmt::format("the journal has features that can't be read: {:#x}", incompat_ & ~kReadableIncompat));
    }
    parse_checksums(block, superblock.feature_compat);
    if (has(kJournalIncompatFastCommit)) {
      std::uint32_t fast = load<JournalSuperblockTail>(block, sizeof(superblock)).fast_commit_blocks;
      if (fast == 0) fast = kDefaultFastCommitBlocks;
      if (end_ >= fast && end_ - fast >= kMinLogBlocks) end_ -= fast;
    }
  }
  if (first_ == 0 || first_ >= end_) throw_corrupt(fmt::format("its log begins at block {} of {}", first_, end_));
  if (start_ != 0 && (start_ < first_ || start_ >= end_)) {
    throw_corrupt(fmt::format("its oldest transaction is at block {}", start_));
  }
}

void JournalLog::parse_checksums(std::span<const std::byte> block, std::uint32_t compat) {
  const bool v1 = (compat & kJournalCompatChecksum) != 0;
  const bool v2 = has(kJournalIncompatChecksumV2);
  const bool v3 = has(kJournalIncompatChecksumV3);
  if ((v2 && v3) || (v1 && (v2 || v3))) throw_corrupt("it has checksums of two kinds");
  checksum_ = v3 ? LogChecksum::V3 : v2 ? LogChecksum::V2 : v1 ? LogChecksum::V1 : LogChecksum::None;
  if (!has_block_seals()) return;
  const auto superblock = load<JournalSuperblock>(block, 0);
  const auto tail = load<JournalSuperblockTail>(block, sizeof(superblock));
  if (tail.checksum_type != kChecksumCrc32c) {
    throw_corrupt(fmt::format("it has checksums of type {}", tail.checksum_type));
  }
  const std::size_t offset = sizeof(superblock) + offsetof(JournalSuperblockTail, checksum);
  if (crc32c_without(~0U, block.first(kSuperblockBytes), offset) != tail.checksum) {
    throw_corrupt("the checksum of its superblock is wrong");
  }
  seed_ = crc32c(~0U, superblock.uuid);
}

bool JournalLog::has_async_commit() const { return has(kJournalIncompatAsyncCommit); }

std::size_t JournalLog::revoke_bytes() const { return has(kJournalIncompat64bit) ? 8 : 4; }

std::uint64_t JournalLog::physical(std::uint32_t position) const {
  const auto extent = std::partition_point(
      map_.begin(), map_.end(), [&](const MappedExtent& candidate) { return candidate.logical_end() <= position; });
  if (extent == map_.end() || extent->logical > position) {
    throw_corrupt(fmt::format("its block {} is missing", position));
  }
  return extent->physical + (position - extent->logical);
}

std::size_t JournalLog::tag_bytes() const {
  if (checksum_ == LogChecksum::V3) return sizeof(JournalTag3);
  const std::size_t bytes = sizeof(JournalTag) + (checksum_ == LogChecksum::V2 ? sizeof(big_uint16_t) : 0);
  return has(kJournalIncompat64bit) ? bytes : bytes - sizeof(JournalTag::block_hi);
}

std::vector<LogTag> JournalLog::tags(std::span<const std::byte> block) const {
  const std::size_t end = block.size() - (has_block_seals() ? kJournalBlockTailBytes : 0);
  const bool wide = has(kJournalIncompat64bit);
  std::vector<LogTag> tags;
  for (std::size_t at = sizeof(JournalHeader); at + tag_bytes() <= end;) {
    LogTag tag;
    if (checksum_ == LogChecksum::V3) {
      const auto stored = load<JournalTag3>(block, at);
      tag = {stored.block_lo | (wide ? std::uint64_t{stored.block_hi} << 32 : 0), stored.flags, stored.checksum};
    } else {
      JournalTag stored{};
      std::memcpy(&stored, block.data() + at, std::min(tag_bytes(), sizeof(stored)));
      tag = {stored.block_lo | (wide ? std::uint64_t{stored.block_hi} << 32 : 0), stored.flags, stored.checksum};
    }
    tags.push_back(tag);
    if ((tag.flags & kTagLast) != 0) break;
    at += tag_bytes() + ((tag.flags & kTagSameUuid) != 0 ? 0 : kTagUuidBytes);
  }
  return tags;
}

bool JournalLog::is_sealed(std::span<const std::byte> block) const {
  if (!has_block_seals()) return true;
  const std::size_t offset = block.size() - kJournalBlockTailBytes;
  return crc32c_without(seed_, block, offset) == load<big_uint32_t>(block, offset);
}

bool JournalLog::is_sealed_commit(std::span<const std::byte> block) const {
  if (!has_block_seals()) return true;
  const std::size_t offset = offsetof(CommitHeader, checksum);
  const std::uint32_t recorded = load<big_uint32_t>(block, offset);
  if (crc32c_without(seed_, block, offset) == recorded) return true;
  // Only the header may have reached the disk, in place of older contents. Nothing else of the block counts.
  std::vector<std::byte> header(block.size());
  std::memcpy(header.data(), block.data(), sizeof(CommitHeader));
  return crc32c_without(seed_, header, offset) == recorded;
}

bool JournalLog::is_sealed_data(const LogTag& tag, std::uint32_t sequence, std::span<const std::byte> block) const {
  if (!has_block_seals()) return true;
  const std::uint32_t crc = crc32c(crc32c_of(seed_, big_uint32_t(sequence)), block);
  return tag.checksum == (checksum_ == LogChecksum::V3 ? crc : crc & 0xFFFF);
}

bool JournalLog::has_fast_commits(std::uint32_t last) const {
  if (!has(kJournalIncompatFastCommit)) return false;
  // The area of fast commits follows the log, after one block that is not used.
  const std::uint32_t position = end_ + 1;
  if (map_.empty() || map_.back().logical_end() <= position) return false;
  const auto head = load<FastCommitHead>(read(position), 0);
  return head.tag == kFastCommitHeadTag && head.transaction == last;
}

}  // namespace fstool::ext4

#include "read/journal_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "fstool/error.h"

namespace fstool::ext4 {

namespace {

[[noreturn]] void throw_corrupt(const std::string& what) {
  throw Error(ErrorCode::Corrupt, "the journal is damaged: " + what);
}

template <class T>
T load(std::span<const std::byte> bytes) {
  T object;
  std::memcpy(&object, bytes.data(), sizeof(object));
  return object;
}

/// CRC-32 with the most significant bit first (Linux crc32_be), which checksums v1 use.
std::uint32_t crc32_be(std::uint32_t crc, std::span<const std::byte> bytes) {
  static constexpr auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
      std::uint32_t value = i << 24;
      for (int bit = 0; bit < 8; ++bit) value = (value << 1) ^ ((value >> 31) * 0x04C11DB7);
      table[i] = value;
    }
    return table;
  }();
  for (const std::byte byte : bytes) crc = (crc << 8) ^ kTable[(crc >> 24) ^ std::to_integer<std::uint32_t>(byte)];
  return crc;
}

/// True if transaction `a` is later than `b`; their numbers wrap around.
bool is_later(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) > 0; }

}  // namespace

class JournalReplay::Cursor {
 public:
  explicit Cursor(const JournalLog& log) : log_(log), position_(log.start()) {}

  /// The position of the next block, which is passed.
  std::uint32_t take() {
    if (++taken_ > std::uint64_t{log_.length()} + 1) throw_corrupt("a transaction is longer than the log");
    const std::uint32_t position = position_;
    position_ = log_.next(position_);
    return position;
  }
  void skip(std::size_t blocks) {
    for (std::size_t i = 0; i < blocks; ++i) take();
  }
  /// The next block if it is one of transaction `sequence`'s descriptor, revoke and commit blocks.
  std::optional<std::vector<std::byte>> take_block_of(std::uint32_t sequence) {
    std::vector<std::byte> block = log_.read(take());
    const auto header = load<JournalHeader>(block);
    if (header.magic != kJournalMagic || header.sequence != sequence) return std::nullopt;
    return block;
  }

 private:
  const JournalLog& log_;
  std::uint32_t position_;
  std::uint64_t taken_ = 0;
};

JournalReplay::JournalReplay(const JournalLog& log, std::uint64_t filesystem_blocks)
    : log_(log), filesystem_blocks_(filesystem_blocks) {}

std::vector<ReplacedBlock> JournalReplay::run() {
  if (log_.empty()) return {};
  find_end();
  if (log_.has_fast_commits(end_sequence_)) {
    throw Error(ErrorCode::Unsupported,
                "the journal has fast commits, which can't be replayed; let the kernel or e2fsck do it");
  }
  collect_revokes();
  collect_blocks();
  std::vector<ReplacedBlock> result;
  result.reserve(replaced_.size());
  for (const auto& [block, replaced] : replaced_) result.push_back(replaced);
  std::sort(result.begin(), result.end(),
            [](const ReplacedBlock& a, const ReplacedBlock& b) { return a.block < b.block; });
  return result;
}

void JournalReplay::find_end() {
  Cursor cursor(log_);
  end_sequence_ = log_.sequence();
  std::uint32_t checksum = ~0U;  // v1: of the transaction's descriptor and data blocks
  // Blocks with a wrong checksum may be left from an earlier use of the disk: the commit block tells.
  bool doubtful = false;
  while (const auto block = cursor.take_block_of(end_sequence_)) {
    switch (load<JournalHeader>(*block).block_type) {
      case kDescriptorBlock: {
        doubtful |= !log_.is_sealed(*block);
        const std::size_t data_blocks = log_.tags(*block).size();
        if (log_.checksum() != LogChecksum::V1) {
          cursor.skip(data_blocks);
          break;
        }
        checksum = crc32_be(checksum, *block);
        for (std::size_t i = 0; i < data_blocks; ++i) checksum = crc32_be(checksum, log_.read(cursor.take()));
        break;
      }
      case kRevokeBlock:
        doubtful |= !log_.is_sealed(*block);
        break;
      case kCommitBlock: {
        const auto commit = load<CommitHeader>(*block);
        if (!accept_commit(commit, *block, checksum, doubtful)) return;
        last_commit_seconds_ = commit.seconds;
        checksum = ~0U;
        ++end_sequence_;
        break;
      }
      default:
        return;
    }
  }
}

bool JournalReplay::accept_commit(const CommitHeader& commit, std::span<const std::byte> block, std::uint32_t checksum,
                                  bool doubtful) const {
  constexpr std::uint8_t kCrc32 = 1;
  constexpr std::uint8_t kCrc32Bytes = 4;
  bool sealed = log_.is_sealed_commit(block);
  if (log_.checksum() == LogChecksum::V1) {
    const std::uint32_t recorded = commit.checksum[0];
    const bool unused = commit.checksum_type == 0 && commit.checksum_size == 0 && recorded == 0;
    sealed = unused || (commit.checksum_type == kCrc32 && commit.checksum_size == kCrc32Bytes && recorded == checksum);
  }
  if (sealed && !doubtful) return true;
  const bool stale = commit.seconds < last_commit_seconds_;
  if (stale) return false;
  // With asynchronous commits, the commit block may reach the disk before what it commits.
  if (!doubtful && log_.has_async_commit()) return false;
  throw_corrupt(fmt::format("a checksum of transaction {} is wrong", commit.header.sequence.value()));
}

void JournalReplay::collect_revokes() {
  Cursor cursor(log_);
  for (std::uint32_t sequence = log_.sequence(); sequence != end_sequence_;) {
    const auto block = cursor.take_block_of(sequence);
    if (!block) throw_corrupt(fmt::format("transaction {} changed while it was read", sequence));
    switch (load<JournalHeader>(*block).block_type) {
      case kDescriptorBlock:
        cursor.skip(log_.tags(*block).size());
        break;
      case kRevokeBlock:
        add_revokes(*block, sequence);
        break;
      default:
        ++sequence;
    }
  }
}

void JournalReplay::add_revokes(std::span<const std::byte> block, std::uint32_t sequence) {
  const auto header = load<RevokeHeader>(block);
  const std::size_t end = header.bytes;
  const bool sealed = log_.checksum() == LogChecksum::V2 || log_.checksum() == LogChecksum::V3;
  if (end > block.size() - (sealed ? kJournalBlockTailBytes : 0)) {
    throw_corrupt(fmt::format("a revoke block of transaction {} has {} bytes", sequence, end));
  }
  const std::size_t record = log_.revoke_bytes();
  for (std::size_t at = sizeof(header); at + record <= end; at += record) {
    const std::uint64_t number = record == sizeof(big_uint64_t) ? load<big_uint64_t>(block.subspan(at)).value()
                                                                : load<big_uint32_t>(block.subspan(at)).value();
    const auto [entry, added] = revoked_.try_emplace(number, sequence);
    if (!added && is_later(sequence, entry->second)) entry->second = sequence;
  }
}

void JournalReplay::collect_blocks() {
  Cursor cursor(log_);
  for (std::uint32_t sequence = log_.sequence(); sequence != end_sequence_;) {
    const auto block = cursor.take_block_of(sequence);
    if (!block) throw_corrupt(fmt::format("transaction {} changed while it was read", sequence));
    switch (load<JournalHeader>(*block).block_type) {
      case kDescriptorBlock:
        add_blocks(*block, sequence, cursor);
        break;
      case kRevokeBlock:
        break;
      default:
        ++sequence;
    }
  }
}

void JournalReplay::add_blocks(std::span<const std::byte> descriptor, std::uint32_t sequence, Cursor& cursor) {
  for (const LogTag& tag : log_.tags(descriptor)) {
    const std::uint32_t position = cursor.take();
    const auto revoked = revoked_.find(tag.block);
    if (revoked != revoked_.end() && !is_later(sequence, revoked->second)) continue;
    if (tag.block >= filesystem_blocks_) {
      throw_corrupt(fmt::format("it has block {}, which lies outside of the file system", tag.block));
    }
    if (!log_.is_sealed_data(tag, sequence, log_.read(position))) {
      throw_corrupt(fmt::format("the checksum of block {} in transaction {} is wrong", tag.block, sequence));
    }
    const bool escaped = (tag.flags & kTagEscaped) != 0;
    replaced_.insert_or_assign(tag.block, ReplacedBlock{tag.block, log_.physical(position), escaped});
  }
}

}  // namespace fstool::ext4

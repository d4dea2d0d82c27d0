/// \file
/// The log of a journal: its superblock, and its blocks in their order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ondisk/jbd2.h"
#include "read/block_reader.h"
#include "read/file_map.h"

namespace fstool::ext4 {

/// A tag of a descriptor block: where the data block that belongs to it goes.
struct LogTag {
  std::uint64_t block = 0;  ///< of the file system
  std::uint32_t flags = 0;
  std::uint32_t checksum = 0;  ///< v2: 16 bits
};

enum class LogChecksum { None, V1, V2, V3 };

class JournalLog {
 public:
  /// `map` is that of the journal's inode. `blocks` must outlive this. Throws Error(Corrupt) if there is no journal
  /// superblock, or it contradicts itself; Error(Unsupported) if it has features that can't be read.
  JournalLog(const BlockReader& blocks, FileMap map);

  bool empty() const { return start_ == 0; }
  std::uint32_t start() const { return start_; }        ///< the first block of the log to read
  std::uint32_t sequence() const { return sequence_; }  ///< of the first transaction
  std::uint32_t length() const { return end_ - first_; }
  LogChecksum checksum() const { return checksum_; }
  bool has_async_commit() const;
  /// Bytes of a revoked block's number.
  std::size_t revoke_bytes() const;

  /// The block behind `position`: the log is a ring.
  std::uint32_t next(std::uint32_t position) const { return position + 1 < end_ ? position + 1 : first_; }
  /// Where `position` of the journal lies in the file system. Throws Error(Corrupt) if nowhere.
  std::uint64_t physical(std::uint32_t position) const;
  std::vector<std::byte> read(std::uint32_t position) const { return blocks_.read(physical(position)); }

  /// The tags of a descriptor block.
  std::vector<LogTag> tags(std::span<const std::byte> block) const;

  /// True if the checksum at the end of a descriptor or revoke block is right, or it needs none.
  bool is_sealed(std::span<const std::byte> block) const;
  /// The same for a commit block with checksum v2 or v3.
  bool is_sealed_commit(std::span<const std::byte> block) const;
  /// The same for a data block of transaction `sequence`, as it is in the log.
  bool is_sealed_data(const LogTag& tag, std::uint32_t sequence, std::span<const std::byte> block) const;

  /// True if fast commits have been written after transaction `last`.
  bool has_fast_commits(std::uint32_t last) const;

 private:
  bool has(std::uint32_t incompat) const { return (incompat_ & incompat) != 0; }
  bool has_block_seals() const { return checksum_ == LogChecksum::V2 || checksum_ == LogChecksum::V3; }
  void parse(std::span<const std::byte> block);
  void parse_checksums(std::span<const std::byte> block, std::uint32_t compat);
  std::size_t tag_bytes() const;

  const BlockReader& blocks_;
  FileMap map_;
  std::uint32_t incompat_ = 0;
  LogChecksum checksum_ = LogChecksum::None;
  std::uint32_t seed_ = 0;
  std::uint32_t first_ = 0;
  std::uint32_t end_ = 0;  // of the log; fast commits may follow
  std::uint32_t sequence_ = 0;
  std::uint32_t start_ = 0;
};

}  // namespace fstool::ext4

/// \file
/// Replays a journal (Linux Documentation/filesystems/ext4, "Journal (jbd2)") as the kernel does when it mounts.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "read/journal_log.h"
#include "read/overlay_blob.h"

namespace fstool::ext4 {

/// Three passes over the log: the first finds the last transaction that is complete, the second the blocks that were
/// revoked (a block's older contents must not come back after it was freed), and the third where the newest contents of
/// each block are.
class JournalReplay {
 public:
  /// `filesystem_blocks` is what the blocks' numbers must be below. `log` must outlive this.
  JournalReplay(const JournalLog& log, std::uint64_t filesystem_blocks);

  /// The blocks to take from the journal, sorted. Call it once. Throws Error(Corrupt) if the log is damaged, and
  /// Error(Unsupported) if it has fast commits.
  std::vector<ReplacedBlock> run();

 private:
  /// Counts the blocks of one pass, which can't be more than the log has.
  class Cursor;

  void find_end();
  /// True if the commit block ends a transaction; false if the log ends before it. `checksum` is that of the
  /// transaction's blocks (v1), `doubtful` says that one of them had a wrong checksum.
  bool accept_commit(const CommitHeader& commit, std::span<const std::byte> block, std::uint32_t checksum,
                     bool doubtful) const;
  void collect_revokes();
  void collect_blocks();
  void add_revokes(std::span<const std::byte> block, std::uint32_t sequence);
  void add_blocks(std::span<const std::byte> descriptor, std::uint32_t sequence, Cursor& cursor);

  const JournalLog& log_;
  std::uint64_t filesystem_blocks_;
  std::uint32_t end_sequence_ = 0;  // of the first transaction that is not complete
  std::uint64_t last_commit_seconds_ = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> revoked_;  // by block: the last transaction that revoked it
  std::unordered_map<std::uint64_t, ReplacedBlock> replaced_;
};

}  // namespace fstool::ext4

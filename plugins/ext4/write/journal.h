/// \file
/// The journal of a file system that was never mounted (Linux Documentation/filesystems/ext4, "Journal (jbd2)").
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fstool::ext4 {

/// Smallest journal that jbd2 accepts, in blocks.
inline constexpr std::uint64_t kMinJournalBlocks = 1024;

/// The journal size, in blocks, that mke2fs 1.47 gives a file system of `blocks` blocks; at least kMinJournalBlocks.
std::uint64_t default_journal_blocks(std::uint64_t blocks);

/// The first block of an empty journal of `journal_blocks` blocks; the rest of the journal is zeros.
std::vector<std::byte> build_journal_superblock(std::uint32_t block_size, std::uint64_t journal_blocks);

}  // namespace fstool::ext4

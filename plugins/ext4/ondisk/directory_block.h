/// \file
/// Blocks of directories (Linux Documentation/filesystems/ext4, "Directory Entries" and "Hash Tree Directories").
#pragma once

#include <cstddef>
#include <cstdint>

#include "ondisk/superblock.h"

namespace fstool::ext4 {

/// The fixed part of struct ext4_dir_entry_2; the name follows, padded to four bytes.
struct EntryHeader {
  little_uint32_t inode;
  little_uint16_t record_length;
  std::uint8_t name_length;
  std::uint8_t file_type;
};
static_assert(sizeof(EntryHeader) == 8);

/// struct ext4_dir_entry_tail: looks like an empty entry and ends each block of a list or leaf.
struct BlockTail {
  little_uint32_t zero_inode;
  little_uint16_t record_length;
  std::uint8_t zero_name_length;
  std::uint8_t file_type;
  little_uint32_t checksum;
};
static_assert(sizeof(BlockTail) == 12);
inline constexpr std::uint8_t kTailFileType = 0xDE;

/// struct dx_root_info.
struct IndexRootInfo {
  little_uint32_t reserved;
  std::uint8_t hash_version;
  std::uint8_t info_length;
  std::uint8_t indirect_levels;
  std::uint8_t flags;
};
static_assert(sizeof(IndexRootInfo) == 8);

/// struct dx_entry; the first one of a node has limit and count in place of the hash.
struct IndexEntry {
  little_uint32_t hash;
  little_uint32_t block;
};
static_assert(sizeof(IndexEntry) == 8);

struct IndexLimit {
  little_uint16_t limit;
  little_uint16_t count;
};
static_assert(sizeof(IndexLimit) == 4);

/// struct dx_tail.
struct IndexTail {
  little_uint32_t reserved;
  little_uint32_t checksum;
};
static_assert(sizeof(IndexTail) == 8);

inline constexpr std::size_t kEntryAlignment = 4;
inline constexpr std::size_t kDotBytes = 12;  // "." and ".." take 12 bytes each
inline constexpr std::size_t kRootEntriesOffset = 2 * kDotBytes + sizeof(IndexRootInfo);
inline constexpr std::size_t kNodeEntriesOffset = sizeof(EntryHeader);

/// rec_len of a record of `bytes` bytes, at most 65536: 16 bits don't hold a whole block of 64 KiB.
inline std::uint16_t encode_record_length(std::size_t bytes, std::uint32_t block_size) {
  constexpr std::size_t kWholeBlock = 65536;
  return bytes == kWholeBlock && block_size == kWholeBlock ? std::uint16_t{0xFFFF} : static_cast<std::uint16_t>(bytes);
}

}  // namespace fstool::ext4

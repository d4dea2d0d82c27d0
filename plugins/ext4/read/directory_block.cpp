#include "read/directory_block.h"

#include <fmt/format.h>

#include <cstring>

#include "ondisk/checksum_seed.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint32_t kLargestBlock = 65536;
/// The first length that 16 bits can't hold is written so.
constexpr std::uint16_t kWholeLargestBlock = 65535;
constexpr std::size_t kHashBytes = 8;
/// An entry with a name of one byte; none is shorter.
constexpr std::size_t kMinRecordLength = 12;

template <class T>
T load(std::span<const std::byte> bytes, std::size_t offset) {
  T object;
  std::memcpy(&object, bytes.data() + offset, sizeof(object));
  return object;
}

std::size_t record_length(const EntryHeader& header, std::uint32_t block_size) {
  const std::uint16_t length = header.record_length;
  if (block_size == kLargestBlock && (length == kWholeLargestBlock || length == 0)) return kLargestBlock;
  return length;
}

std::size_t aligned(std::size_t bytes) { return (bytes + kEntryAlignment - 1) / kEntryAlignment * kEntryAlignment; }

/// Where limit and count of an index block lie; nothing if `block` is none.
std::optional<std::size_t> index_entries_offset(std::span<const std::byte> block) {
  const auto block_size = static_cast<std::uint32_t>(block.size());
  const auto first = load<EntryHeader>(block, 0);
  if (record_length(first, block_size) == block.size() && first.inode == 0) return kNodeEntriesOffset;
  if (record_length(first, block_size) != kDotBytes) return std::nullopt;
  const auto second = load<EntryHeader>(block, kDotBytes);
  if (record_length(second, block_size) != block.size() - kDotBytes) return std::nullopt;
  const auto info = load<IndexRootInfo>(block, 2 * kDotBytes);
  if (info.reserved != 0 || info.info_length != sizeof(IndexRootInfo)) return std::nullopt;
  return kRootEntriesOffset;
}

BlockSeal check_index_seal(std::span<const std::byte> block, std::size_t entries_offset, std::uint32_t inode_seed) {
  const auto counts = load<IndexLimit>(block, entries_offset);
  const std::size_t tail_offset = entries_offset + counts.limit * sizeof(IndexEntry);
  if (counts.count > counts.limit || tail_offset > block.size() - sizeof(IndexTail)) return BlockSeal::Missing;
  IndexTail tail = load<IndexTail>(block, tail_offset);
  const std::uint32_t recorded = tail.checksum;
  tail.checksum = 0;
  const std::uint32_t crc = crc32c(inode_seed, block.first(entries_offset + counts.count * sizeof(IndexEntry)));
  return crc32c(crc, bytes_of(tail)) == recorded ? BlockSeal::Valid : BlockSeal::Wrong;
}

}  // namespace

std::optional<std::string> parse_entries(std::span<const std::byte> region, const EntryFormat& format,
                                         std::vector<StoredName>& names) {
  for (std::size_t at = 0; at < region.size();) {
    if (region.size() - at < sizeof(EntryHeader)) return fmt::format("an entry at byte {} is cut off", at);
    const auto header = load<EntryHeader>(region, at);
    const std::size_t length = record_length(header, format.block_size);
    const std::size_t name_end = sizeof(EntryHeader) + header.name_length;
    if (length < kMinRecordLength || length % kEntryAlignment != 0 || length > region.size() - at ||
        length < name_end) {
      return fmt::format("the entry at byte {} has a length of {}", at, length);
    }
    if (header.inode != 0) {
      StoredName stored;
      stored.name = {reinterpret_cast<const char*>(region.data()) + at + sizeof(EntryHeader), header.name_length};
      stored.inode = header.inode;
      stored.file_type = header.file_type;
      if (stored.name.empty()) return fmt::format("the entry at byte {} has no name", at);
      if (stored.inode > format.inodes) {
        return fmt::format("the entry at byte {} names inode {}, which does not exist", at, stored.inode);
      }
      if (format.entries_carry_hash && aligned(name_end) + kHashBytes <= length) {
        stored.hash.major = load<little_uint32_t>(region, at + aligned(name_end));
        stored.hash.minor = load<little_uint32_t>(region, at + aligned(name_end) + sizeof(little_uint32_t));
      }
      names.push_back(stored);
    }
    at += length;
  }
  return std::nullopt;
}

BlockSeal check_directory_seal(std::span<const std::byte> block, bool indexed, std::uint32_t inode_seed) {
  // The index first: a block that was a leaf before may still have a leaf's tail.
  if (const auto entries_offset = indexed ? index_entries_offset(block) : std::nullopt) {
    return check_index_seal(block, *entries_offset, inode_seed);
  }
  const std::size_t tail_offset = block.size() - sizeof(BlockTail);
  const auto tail = load<BlockTail>(block, tail_offset);
  if (tail.zero_inode != 0 || tail.record_length != sizeof(BlockTail) || tail.zero_name_length != 0 ||
      tail.file_type != kTailFileType) {
    return BlockSeal::Missing;
  }
  return crc32c(inode_seed, block.first(tail_offset)) == tail.checksum ? BlockSeal::Valid : BlockSeal::Wrong;
}

std::optional<std::uint8_t> index_hash_version(std::span<const std::byte> block) {
  if (index_entries_offset(block) != kRootEntriesOffset) return std::nullopt;
  return load<IndexRootInfo>(block, 2 * kDotBytes).hash_version;
}

}  // namespace fstool::ext4

#include "check/directory_index.h"

#include <fmt/format.h>

#include <cstring>

namespace fstool::ext4 {

namespace {

constexpr std::uint8_t kLastHashVersion = 6;
constexpr unsigned kMaxLevels = 2;
constexpr unsigned kMaxLevelsOfLargeDirectory = 3;

template <class T>
T load(std::span<const std::byte> bytes, std::size_t offset) {
  T object;
  std::memcpy(&object, bytes.data() + offset, sizeof(object));
  return object;
}

}  // namespace

DirectoryIndex::DirectoryIndex(const Layout& layout, std::uint64_t blocks, const ReadBlock& read_block,
                               const Report& report)
    : layout_(layout), blocks_(blocks), read_block_(read_block), report_(report) {
  const auto root = read_block(0);
  if (!root) return;
  const auto info = load<IndexRootInfo>(*root, 2 * kDotBytes);
  const unsigned max_levels = layout.features.has_incompat(kIncompatLargeDir) ? kMaxLevelsOfLargeDirectory : kMaxLevels;
  if (info.reserved != 0 || info.info_length != sizeof(IndexRootInfo) || info.hash_version > kLastHashVersion ||
      info.flags != 0 || info.indirect_levels >= max_levels) {
    report(fmt::format("the root of its index says hash version {}, {} levels, {} bytes of itself and flags {:#x}",
                       info.hash_version, info.indirect_levels, info.info_length, info.flags));
    return;
  }
  hash_version_ = info.hash_version;
  nodes_.emplace(0, HashRange{});
  read_node(*root, 0, kRootEntriesOffset, info.indirect_levels, {});
}

void DirectoryIndex::read_node(std::span<const std::byte> block, std::uint64_t logical, std::size_t entries_offset,
                               unsigned levels, HashRange range) {
  const auto counts = load<IndexLimit>(block, entries_offset);
  const std::size_t tail = layout_.metadata_checksums ? sizeof(IndexTail) : 0;
  const std::size_t room = (block.size() - entries_offset - tail) / sizeof(IndexEntry);
  if (counts.limit != room) {
    report_(fmt::format("block {} of its index says that it has room for {} entries, and it has for {}", logical,
                        counts.limit.value(), room));
  }
  if (counts.count == 0 || counts.count > counts.limit || counts.count > room) {
    return report_(fmt::format("block {} of its index has {} entries", logical, counts.count.value()));
  }
  const auto entry_at = [&](std::size_t index) {
    return load<IndexEntry>(block, entries_offset + index * sizeof(IndexEntry));
  };
  // The place of the first entry's hash holds limit and count; it begins where its node does.
  std::uint64_t hash = range.first;
  for (std::size_t i = 0; i < counts.count; ++i) {
    const std::uint64_t next = i + 1 < counts.count ? entry_at(i + 1).hash.value() : range.end;
    if (next < hash || next > range.end) {
      report_(fmt::format("block {} of its index has entries that are out of order", logical));
    }
    // The lowest bit says that the names of this hash go on from the block before.
    add_child(entry_at(i).block & 0x0FFFFFFF, levels, {hash & ~std::uint64_t{1}, next});
    hash = next;
  }
}

void DirectoryIndex::add_child(std::uint64_t child, unsigned levels, HashRange range) {
  if (child >= blocks_) {
    return report_(fmt::format("its index refers to block {}, and it has {}", child, blocks_));
  }
  auto& seen = levels > 0 ? nodes_ : leaves_;
  if (nodes_.contains(child) || leaves_.contains(child)) {
    return report_(fmt::format("its index refers to block {} twice", child));
  }
  seen.emplace(child, range);
  if (levels == 0) return;
  const auto block = read_block_(child);
  if (!block) return;
  const auto header = load<EntryHeader>(*block, 0);
  if (header.inode != 0 || header.record_length != encode_record_length(layout_.block_size, layout_.block_size)) {
    return report_(fmt::format("block {} of its index does not begin as one", child));
  }
  read_node(*block, child, kNodeEntriesOffset, levels - 1, range);
}

}  // namespace fstool::ext4

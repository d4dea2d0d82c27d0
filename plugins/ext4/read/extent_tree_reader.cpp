#include "read/extent_tree_reader.h"

#include <fmt/format.h>

#include <cstring>

#include "fstool/error.h"

namespace fstool::ext4 {

namespace {

constexpr unsigned kMaxDepth = 5;

[[noreturn]] void throw_damaged(const std::string& what) {
  throw Error(ErrorCode::Corrupt, "its extent tree is damaged: " + what);
}

template <class Entry>
Entry entry_at(std::span<const std::byte> entries, std::size_t index) {
  Entry entry;
  std::memcpy(&entry, entries.data() + index * sizeof(Entry), sizeof(Entry));
  return entry;
}

std::uint64_t child_of(const ExtentIndex& index) { return index.leaf_lo | std::uint64_t{index.leaf_hi} << 32; }

}  // namespace

ExtentTreeReader::ExtentTreeReader(const VolumeState& volume, const MapRoot& root, std::uint64_t limit_blocks,
                                   BlockClaims& claims, MapScope scope)
    : volume_(volume), root_(root), limit_blocks_(limit_blocks), claims_(claims), scope_(scope) {}

FileMap ExtentTreeReader::read() {
  const auto header = entry_at<ExtentHeader>(root_.block, 0);
  if (header.depth > kMaxDepth) throw_damaged(fmt::format("it has {} levels", header.depth.value()));
  read_node(root_.block, header.depth, {0, kMaxFileBlocks});
  return std::move(map_);
}

void ExtentTreeReader::read_node(std::span<const std::byte> bytes, unsigned depth, Range range) {
  const auto header = entry_at<ExtentHeader>(bytes, 0);
  const std::size_t room = (bytes.size() - sizeof(ExtentHeader)) / sizeof(ExtentLeaf);
  if (header.magic != kExtentMagic) throw_damaged("a magic number is missing");
  if (header.depth != depth) throw_damaged(fmt::format("level {} says that it is {}", depth, header.depth.value()));
  if (header.max_entries > room || header.entries > header.max_entries) {
    throw_damaged(fmt::format("{} entries in a place for {}", header.entries.value(), room));
  }
  const auto entries = bytes.subspan(sizeof(ExtentHeader), header.entries * sizeof(ExtentLeaf));
  if (depth == 0) {
    read_leaf(entries, range);
  } else {
    read_index(entries, depth, range);
  }
}

void ExtentTreeReader::read_leaf(std::span<const std::byte> entries, Range range) {
  std::uint64_t next = range.first;
  for (std::size_t i = 0; i < entries.size() / sizeof(ExtentLeaf); ++i) {
    const auto leaf = entry_at<ExtentLeaf>(entries, i);
    const bool unwritten = leaf.length > kMaxExtentBlocks;
    const std::uint32_t length = unwritten ? leaf.length - kMaxExtentBlocks : leaf.length.value();
    const std::uint32_t logical = leaf.first_block;
    const std::uint64_t physical = leaf.start_lo | std::uint64_t{leaf.start_hi} << 32;
    if (length == 0 || logical < next || std::uint64_t{logical} + length > range.end) {
      throw_damaged(fmt::format("the extent of {} blocks at block {} overlaps another", length, logical));
    }
    if (physical <= volume_.layout.first_data_block || !volume_.blocks.contains(physical, length)) {
      throw_damaged(fmt::format("it refers to block {}, which lies outside of the file system", physical));
    }
    next = std::uint64_t{logical} + length;
    mapped_ += length;
    if (mapped_ > volume_.layout.blocks) throw_damaged("it has more blocks than the file system");
    const bool wanted = !unwritten || scope_ == MapScope::Allocated;
    if (wanted && logical < limit_blocks_) append_extent(map_, {logical, length, physical});
  }
}

void ExtentTreeReader::read_index(std::span<const std::byte> entries, unsigned depth, Range range) {
  const std::size_t count = entries.size() / sizeof(ExtentIndex);
  if (count == 0) throw_damaged("an index has no entries");
  for (std::size_t i = 0; i < count; ++i) {
    const auto index = entry_at<ExtentIndex>(entries, i);
    const std::uint64_t first = index.first_block;
    const std::uint64_t end = i + 1 < count ? entry_at<ExtentIndex>(entries, i + 1).first_block.value() : range.end;
    if (first < range.first || end <= first || end > range.end) {
      throw_damaged(fmt::format("the index entry of block {} is out of order", first));
    }
    if (first >= limit_blocks_) return;
    read_child(child_of(index), depth - 1, {first, end});
  }
}

void ExtentTreeReader::read_child(std::uint64_t block, unsigned depth, Range range) {
  if (block <= volume_.layout.first_data_block || !volume_.blocks.contains(block, 1)) {
    throw_damaged(fmt::format("it refers to block {}, which lies outside of the file system", block));
  }
  if (!claims_.claim(block, 1)) throw_damaged(fmt::format("its block {} is in use already", block));
  const std::vector<std::byte> bytes = volume_.blocks.read(block);
  check_seal(bytes, block);
  read_node(bytes, depth, range);
}

void ExtentTreeReader::check_seal(std::span<const std::byte> bytes, std::uint64_t block) const {
  if (!volume_.layout.metadata_checksums) return;
  const auto header = entry_at<ExtentHeader>(bytes, 0);
  const std::size_t end = sizeof(ExtentHeader) + header.max_entries * sizeof(ExtentLeaf);
  little_uint32_t recorded;
  if (end > bytes.size() - sizeof(recorded)) return;  // no place for one; read_node() judges the header
  std::memcpy(&recorded, bytes.data() + end, sizeof(recorded));
  if (crc32c(volume_.inode_seed(root_.inode, root_.generation), bytes.first(end)) != recorded) {
    volume_.context.report_damage(
        fmt::format("inode {}: the checksum of its extent block {} is wrong", root_.inode, block));
  }
}

}  // namespace fstool::ext4

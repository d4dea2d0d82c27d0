#include "usage/inode_usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "fstool/error.h"
#include "read/file_map.h"
#include "read/inode_fields.h"

namespace fstool::ext4 {

namespace {

/// Where i_block has the pointer to blocks of pointers to blocks of pointers.
constexpr std::size_t kDoubleIndirectOffset = 13 * sizeof(little_uint32_t);

/// True if i_block maps blocks, and isn't content or a device number itself.
bool has_block_map(const Inode& inode, const Layout& layout) {
  if ((inode.flags & kInodeInlineData) != 0) return false;
  switch (kind_of(inode).value_or(NodeKind::Fifo)) {
    case NodeKind::File:
    case NodeKind::Directory:
      return true;
    case NodeKind::Symlink:
      return !is_fast_symlink(inode, layout);
    default:
      return false;
  }
}

bool is_empty(const Inode& inode) {
  return std::ranges::all_of(inode.block, [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

InodeUsage::InodeUsage(OpenedVolume& volume, BlockUsage& usage)
    : volume_(volume), layout_(volume.state->layout), usage_(usage), inodes_(*volume.state, volume.groups) {}

template <class Work>
void InodeUsage::reading(std::uint32_t inode, Work&& work) {
  try {
    work(inodes_.read(inode));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt) throw;
    volume_.state->context.report_damage(fmt::format("inode {}: {}", inode, error.what()));
  }
}

FileMap InodeUsage::add_blocks(const InodeRecord& record, Use use) {
  FileMap map = read_file_map(*volume_.state, record.map_root(), kMaxFileBlocks, map_blocks_, MapScope::Allocated);
  for (const MappedExtent& extent : map) usage_.add(extent.physical, extent.length, use);
  return map;
}

void InodeUsage::add_named(const Tree& tree, const NamedInode& named) {
  reading(named.inode, [&](const InodeRecord& record) {
    add_xattr_block(record);
    if (!has_block_map(record.fields, layout_)) return;
    const bool is_directory = tree.node(named.node).kind == NodeKind::Directory;
    const FileMap map = add_blocks(record, is_directory ? Use::Directory : Use::Content);
    if (tree.node(named.node).kind == NodeKind::File && !map.empty()) add_file(named.node, map);
  });
}

void InodeUsage::add_file(NodeId node, const FileMap& map) {
  FileRanges file;
  file.usage.node = node;
  std::uint64_t end = 0;
  for (const MappedExtent& extent : map) {
    const ByteRange range = usage_.bytes(extent.physical, extent.length);
    file.usage.allocated += range.length;
    // Without extents, the blocks of pointers lie between those that they point at.
    const bool follows = end <= extent.physical && !file.ranges.empty() &&
                         (end == extent.physical || map_blocks_.has(end, extent.physical - end));
    if (!follows) ++file.usage.fragments;
    if (!file.ranges.empty() && file.ranges.back().end() == range.offset) {
      file.ranges.back().length += range.length;
    } else {
      file.ranges.push_back(range);
    }
    end = extent.physical + extent.length;
  }
  usage_.add_file(std::move(file));
}

void InodeUsage::add_xattr_block(const InodeRecord& record) {
  const std::uint64_t block = record.file_acl();
  if (block <= layout_.first_data_block || !volume_.state->blocks.contains(block, 1)) return;
  // Inodes with equal attributes share one.
  if (xattr_blocks_.claim(block, 1)) usage_.add(block, 1, Use::NodeMetadata);
}

void InodeUsage::add_special() {
  const Superblock& superblock = volume_.superblock;
  const std::uint32_t journal = superblock.journal_inode;
  for (std::uint32_t inode = 1; inode < std::min(layout_.first_inode, layout_.inodes + 1); ++inode) {
    if (inode != kRootInode && inode != journal) add_reserved(inode);
  }
  if (journal != 0 && layout_.features.has_compat(kCompatHasJournal)) {
    reading(journal, [&](const InodeRecord& record) { add_blocks(record, Use::Journal); });
  }
  // Those that came after the reserved numbers were given away have one like any file.
  const auto add_hidden_file = [&](std::uint32_t inode, bool exists) {
    if (exists && inode >= layout_.first_inode) {
      reading(inode, [&](const InodeRecord& record) { add_blocks(record, Use::Metadata); });
    }
  };
  const bool has_quotas = layout_.features.has_ro_compat(kRoCompatQuota);
  add_hidden_file(superblock.user_quota_inode, has_quotas);
  add_hidden_file(superblock.group_quota_inode, has_quotas);
  add_hidden_file(superblock.project_quota_inode, has_quotas && layout_.features.has_ro_compat(kRoCompatProject));
  add_hidden_file(superblock.orphan_file_inode, layout_.features.has_compat(kCompatOrphanFile));
}

void InodeUsage::add_reserved(std::uint32_t inode) {
  reading(inode, [&](const InodeRecord& record) {
    if (is_empty(record.fields)) return;
    if (inode == kResizeInode) {
      // All that it maps is the room behind the group descriptors; the one block besides leads there.
      little_uint32_t block;
      std::memcpy(&block, record.fields.block.data() + kDoubleIndirectOffset, sizeof(block));
      if (block > layout_.first_data_block) usage_.add(block, 1, Use::Reserved);
    } else if (inode == kBadBlocksInode) {
      add_blocks(record, Use::Reserved);
    } else if (has_block_map(record.fields, layout_)) {
      add_blocks(record, Use::Metadata);
    }
  });
}

void InodeUsage::add_unnamed(std::uint32_t inode) {
  if (inode < layout_.first_inode) return;
  reading(inode, [&](const InodeRecord& record) {
    if ((record.fields.flags & kInodeEaInode) != 0 && has_block_map(record.fields, layout_)) {
      add_blocks(record, Use::NodeMetadata);
    }
  });
}

void InodeUsage::add_block_maps() {
  for (const auto& [first, end] : map_blocks_.ranges()) usage_.add(first, end - first, Use::NodeMetadata);
}

}  // namespace fstool::ext4

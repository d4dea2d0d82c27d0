#include "read/inode_fields.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace fstool::ext4 {

namespace {

constexpr std::uint32_t kSectorBytes = 512;

/// `extra` has nanoseconds above two bits that say how often 2^32 seconds are to be added.
Timestamp decode_time(std::uint32_t low, std::uint32_t extra) {
  constexpr std::uint32_t kMaxNanoseconds = 999'999'999;
  const std::int64_t epoch = extra & 3;
  return {static_cast<std::int32_t>(low) + (epoch << 32), std::min(extra >> 2, kMaxNanoseconds)};
}

/// The fields of a record that it does not have are zero, which adds nothing.
Timestamp time_at(const InodeRecord& record, std::uint32_t low, std::uint32_t extra, std::size_t extra_offset) {
  return decode_time(low, record.has_extra(extra_offset + sizeof(extra)) ? extra : 0);
}

}  // namespace

std::optional<NodeKind> kind_of(const Inode& inode) {
  switch (inode.mode & 0xF000) {
    case 0x1000:
      return NodeKind::Fifo;
    case 0x2000:
      return NodeKind::CharDevice;
    case 0x4000:
      return NodeKind::Directory;
    case 0x6000:
      return NodeKind::BlockDevice;
    case 0x8000:
      return NodeKind::File;
    case 0xA000:
      return NodeKind::Symlink;
    case 0xC000:
      return NodeKind::Socket;
    default:
      return std::nullopt;
  }
}

std::uint32_t owner_of(const Inode& inode) { return inode.uid_lo | std::uint32_t{inode.uid_hi} << 16; }
std::uint32_t group_of(const Inode& inode) { return inode.gid_lo | std::uint32_t{inode.gid_hi} << 16; }

DeviceNumber device_of(const Inode& inode) {
  std::array<little_uint32_t, 2> words;
  std::memcpy(words.data(), inode.block.data(), sizeof(words));
  if (words[0] != 0) return {(words[0] >> 8) & 0xFF, words[0] & 0xFF};  // the old form of 16 bits
  return {(words[1] & 0xFFF00) >> 8, (words[1] & 0xFF) | ((words[1] >> 12) & 0xFFF00)};
}

std::uint64_t size_of(const Inode& inode, const Layout& layout) {
  const std::optional<NodeKind> kind = kind_of(inode);
  const bool wide =
      kind == NodeKind::File || (kind == NodeKind::Directory && layout.features.has_incompat(kIncompatLargeDir));
  return inode.size_lo | (wide ? std::uint64_t{inode.size_hi} << 32 : 0);
}

Timestamp mtime_of(const InodeRecord& record) {
  return time_at(record, record.fields.mtime, record.fields.mtime_extra, offsetof(Inode, mtime_extra));
}

std::uint64_t sectors_of(const Inode& inode, const Layout& layout) {
  if (!layout.features.has_ro_compat(kRoCompatHugeFile)) return inode.blocks_lo;
  const std::uint64_t blocks = inode.blocks_lo | std::uint64_t{inode.blocks_hi} << 32;
  return (inode.flags & kInodeHugeFile) != 0 ? blocks * (layout.block_size / kSectorBytes) : blocks;
}

std::unique_ptr<const RecordedInode> recorded_inode_of(const InodeRecord& record, const Layout& layout) {
  const Inode& inode = record.fields;
  auto recorded = std::make_unique<RecordedInode>();
  recorded->atime = time_at(record, inode.atime, inode.atime_extra, offsetof(Inode, atime_extra));
  recorded->ctime = time_at(record, inode.ctime, inode.ctime_extra, offsetof(Inode, ctime_extra));
  if (record.has_extra(offsetof(Inode, birth_time) + sizeof(inode.birth_time))) {
    recorded->birth = time_at(record, inode.birth_time, inode.birth_time_extra, offsetof(Inode, birth_time_extra));
  }
  recorded->number = record.number;
  recorded->links = inode.links_count;
  recorded->size = size_of(inode, layout);
  recorded->sectors = sectors_of(inode, layout);
  return recorded;
}

bool is_fast_symlink(const Inode& inode, const Layout& layout) {
  if ((inode.flags & kInodeInlineData) != 0) return false;
  if (layout.features.has_incompat(kIncompatEaInode)) return inode.size_lo > 0 && inode.size_lo < kInodeBlockBytes;
  // i_blocks counts the block of extended attributes, too: a whole cluster.
  const bool has_xattr_block = inode.file_acl_lo != 0 || inode.file_acl_hi != 0;
  const std::uint64_t xattr_blocks =
      has_xattr_block ? std::uint64_t{layout.block_size} * layout.cluster_ratio / kSectorBytes : 0;
  return sectors_of(inode, layout) == xattr_blocks;
}

}  // namespace fstool::ext4

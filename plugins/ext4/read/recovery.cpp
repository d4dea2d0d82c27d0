#include "read/recovery.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "fstool/error.h"
#include "ondisk/extent_tree.h"
#include "read/inode_fields.h"
#include "read/inode_table.h"
#include "read/journal_replay.h"
#include "read/volume_state.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint8_t kJournalBackupOfInode = 1;  // s_jnl_backup_type

FileMap map_of(const VolumeState& volume, const MapRoot& root, std::uint64_t size) {
  const std::uint32_t block_size = volume.layout.block_size;
  if (size / block_size > kMaxFileBlocks) throw Error(ErrorCode::Corrupt, "its size is impossible");
  BlockClaims claims;
  return read_file_map(volume, root, size / block_size, claims);
}

FileMap map_from_inode(const VolumeState& volume, const FoundSuperblock& found) {
  GroupTable groups(volume.blocks, volume.layout, found.group);
  InodeTable inodes(volume, groups);
  const InodeRecord record = inodes.read(found.superblock.journal_inode);
  if (kind_of(record.fields) != NodeKind::File || record.fields.links_count == 0) {
    throw Error(ErrorCode::Corrupt, "its inode is not one of a file");
  }
  return map_of(volume, record.map_root(), size_of(record.fields, volume.layout));
}

/// The superblock has a copy of the journal's i_block and size.
FileMap map_from_superblock(const VolumeState& volume, const Superblock& superblock) {
  const auto& words = superblock.journal_blocks;
  MapRoot root;
  root.inode = superblock.journal_inode;
  static_assert(sizeof(words) == kInodeBlockBytes + 2 * sizeof(little_uint32_t));
  std::memcpy(root.block.data(), words.data(), kInodeBlockBytes);
  if (volume.layout.features.has_incompat(kIncompatExtents)) {
    const little_uint32_t first = words[0];
    if ((first & 0xFFFF) == kExtentMagic) root.flags = kInodeExtents;
  }
  return map_of(volume, root, words[16] | std::uint64_t{words[15]} << 32);
}

JournalLog find_log(const VolumeState& volume, const FoundSuperblock& found) {
  try {
    return JournalLog(volume.blocks, map_from_inode(volume, found));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt || found.superblock.journal_backup_type != kJournalBackupOfInode) throw;
    volume.context.report_damage(
        fmt::format("the journal's inode is damaged ({}); its copy in the superblock is used instead", error.what()));
    return JournalLog(volume.blocks, map_from_superblock(volume, found.superblock));
  }
}

}  // namespace

BlobPtr replay_journal(BlobPtr image, const FoundSuperblock& found, Context& context) {
  if (found.superblock.journal_inode == 0) {
    throw Error(ErrorCode::Unsupported,
                "the file system needs recovery from an external journal, which can't be read; mount it with its "
                "journal, or run e2fsck, first");
  }
  const VolumeState volume(found.layout, image, context);
  std::vector<ReplacedBlock> replaced = with_context([] { return "replaying the journal"; },
                                                     [&] {
                                                       const JournalLog log = find_log(volume, found);
                                                       return JournalReplay(log, found.layout.blocks).run();
                                                     });
  if (replaced.empty()) return image;
  return std::make_shared<OverlayBlob>(std::move(image), found.layout.block_size, std::move(replaced));
}

BlobPtr recover(BlobPtr image, FoundSuperblock& found, Context& context) {
  const bool has_journal = found.layout.features.has_compat(kCompatHasJournal);
  const bool needed = found.layout.features.has_incompat(kIncompatNeedsRecovery);
  if (needed && !has_journal) context.report_damage("the file system needs recovery, but has no journal");
  // The backups of the superblock don't say whether the journal has something.
  if (!has_journal || (!needed && found.group == 0)) return image;
  BlobPtr recovered = replay_journal(std::move(image), found, context);
  const Superblock current = read_superblock(*recovered, kSuperblockOffset);
  if (found.group == 0 || (current.magic == kSuperblockMagic && has_valid_checksum(current))) {
    const std::uint64_t group = found.group;
    found = {current, parse_layout(current), group};
  }
  return recovered;
}

}  // namespace fstool::ext4

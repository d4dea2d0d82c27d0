#include "check/special_files.h"

#include <fmt/format.h>

#include <cstring>
#include <vector>

#include "fstool/error.h"
#include "ondisk/orphan_file.h"
#include "read/inode_fields.h"
#include "read/inode_table.h"
#include "read/journal_log.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint8_t kJournalBackupOfInode = 1;  // s_jnl_backup_type

class SpecialFiles {
 public:
  explicit SpecialFiles(const CheckState& state)
      : state_(state),
        layout_(state.layout()),
        groups_(state.volume.blocks, state.layout(), state.copy_group),
        inodes_(state.volume, groups_) {}

  /// Calls `check`; what is damaged so that it can't go on is reported as damage of `subject`.
  template <class Check>
  void check(std::string_view subject, Check&& check) {
    try {
      check();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Corrupt) throw;
      state_.context().report_damage(fmt::format("{}: {}", subject, error.what()));
    }
  }

  std::unordered_set<std::uint32_t> orphans_in_list() {
    std::unordered_set<std::uint32_t> orphans;
    for (std::uint32_t next = state_.superblock.last_orphan; next != 0;) {
      if (next < layout_.first_inode || next > layout_.inodes || !orphans.insert(next).second) {
        throw Error(ErrorCode::Corrupt, fmt::format("it goes on with inode {}", next));
      }
      next = inodes_.read(next).fields.deletion_time;
    }
    return orphans;
  }

  std::unordered_set<std::uint32_t> orphans_in_file() {
    const InodeRecord record = inodes_.read(state_.superblock.orphan_file_inode);
    const FileMap map = map_of(record);
    const std::uint64_t size = size_of(record.fields, layout_);
    if (size == 0 || size % layout_.block_size != 0) {
      throw Error(ErrorCode::Corrupt, fmt::format("it has {} bytes, which are not whole blocks", size));
    }
    require_all_blocks(map, size / layout_.block_size);
    const std::uint32_t seed = state_.volume.inode_seed(record.number, record.fields.generation);
    std::unordered_set<std::uint32_t> orphans;
    for (const MappedExtent& extent : map) {
      for (std::uint32_t i = 0; i < extent.length; ++i) add_orphans(extent.physical + i, seed, orphans);
    }
    return orphans;
  }

  void check_journal() {
    const InodeRecord record = inodes_.read(state_.superblock.journal_inode);
    const FileMap map = map_of(record);
    const JournalLog log(state_.volume.blocks, map);
    JournalSuperblock superblock;
    const std::vector<std::byte> first = log.read(0);
    std::memcpy(&superblock, first.data(), sizeof(superblock));
    const std::uint64_t blocks = size_of(record.fields, layout_) / layout_.block_size;
    if (superblock.max_blocks > blocks) {
      throw Error(ErrorCode::Corrupt, fmt::format("its superblock says that it has {} blocks, and it has {}",
                                                  superblock.max_blocks.value(), blocks));
    }
    require_all_blocks(map, blocks);
    if (superblock.block_type == kSuperblockVersion2 && superblock.user_count > 1) {
      throw Error(ErrorCode::Corrupt,
                  fmt::format("it says that {} file systems use it", superblock.user_count.value()));
    }
    if (superblock.error != 0) {
      state_.context().warn(
          fmt::format("the journal: it was aborted with error {}", static_cast<std::int32_t>(superblock.error)));
    }
    check_backup_of_inode(record);
  }

 private:
  static void require_all_blocks(const FileMap& map, std::uint64_t blocks) {
    std::uint64_t mapped = 0;
    for (const MappedExtent& extent : map) mapped += extent.length;
    if (mapped < blocks) throw Error(ErrorCode::Corrupt, fmt::format("{} of its blocks are holes", blocks - mapped));
  }

  FileMap map_of(const InodeRecord& record) const {
    if (kind_of(record.fields) != NodeKind::File || record.fields.links_count == 0) {
      throw Error(ErrorCode::Corrupt, "its inode is not one of a file");
    }
    const std::uint64_t blocks = size_of(record.fields, layout_) / layout_.block_size;
    if (blocks > layout_.blocks) throw Error(ErrorCode::Corrupt, "its size is impossible");
    BlockClaims claims;
    FileMap map = read_file_map(state_.volume, record.map_root(), blocks, claims);
    for (MappedExtent& extent : map) {
      extent.length = static_cast<std::uint32_t>(std::min<std::uint64_t>(extent.length, blocks - extent.logical));
    }
    return map;
  }

  void add_orphans(std::uint64_t block, std::uint32_t seed, std::unordered_set<std::uint32_t>& orphans) {
    const std::vector<std::byte> bytes = state_.volume.blocks.read(block);
    const std::size_t entries = bytes.size() - sizeof(OrphanBlockTail);
    OrphanBlockTail tail;
    std::memcpy(&tail, bytes.data() + entries, sizeof(tail));
    if (tail.magic != kOrphanBlockMagic) {
      throw Error(ErrorCode::Corrupt, fmt::format("its block {} has something else", block));
    }
    if (layout_.metadata_checksums) {
      const std::uint32_t crc = crc32c(crc32c_of(seed, little_uint64_t(block)), std::span(bytes).first(entries));
      if (crc != tail.checksum) {
        state_.context().report_damage(fmt::format("the orphan file: the checksum of its block {} is wrong", block));
      }
    }
    for (std::size_t at = 0; at + sizeof(little_uint32_t) <= entries; at += sizeof(little_uint32_t)) {
      little_uint32_t inode;
      std::memcpy(&inode, bytes.data() + at, sizeof(inode));
      if (inode == 0) continue;
      if (inode < layout_.first_inode || inode > layout_.inodes) {
        state_.context().report_damage(fmt::format("the orphan file: it has inode {}", inode.value()));
      } else {
        orphans.insert(inode);
      }
    }
  }

  /// The superblock has a copy of i_block and the size, for when the inode is damaged.
  void check_backup_of_inode(const InodeRecord& record) {
    const Superblock& superblock = state_.superblock;
    if (superblock.journal_backup_type != kJournalBackupOfInode) return;
    const bool same_map =
        std::memcmp(superblock.journal_blocks.data(), record.fields.block.data(), record.fields.block.size()) == 0;
    if (same_map && superblock.journal_blocks[16] == record.fields.size_lo) return;
    state_.context().warn("the superblock's copy of the journal's inode is out of date");
  }

  const CheckState& state_;
  const Layout& layout_;
  GroupTable groups_;
  InodeTable inodes_;
};

}  // namespace

void find_orphans(CheckState& state) {
  SpecialFiles files(state);
  if (state.superblock.last_orphan != 0) {
    files.check("the list of orphans", [&] { state.orphans = files.orphans_in_list(); });
  }
  if (state.layout().features.has_compat(kCompatOrphanFile)) {
    files.check("the orphan file", [&] {
      const auto orphans = files.orphans_in_file();
      if (!orphans.empty() && !state.layout().features.has_ro_compat(kRoCompatOrphanPresent)) {
        state.context().report_damage("the orphan file: it has inodes, which takes the feature orphan_present");
      }
      if (orphans.empty() && state.layout().features.has_ro_compat(kRoCompatOrphanPresent)) {
        state.context().warn("it has the feature orphan_present, and its orphan file is empty");
      }
      state.orphans.insert(orphans.begin(), orphans.end());
    });
  }
  if (!state.orphans.empty()) {
    state.context().warn(fmt::format(
        "{} files that were deleted or truncated in use wait for the next mount to be freed", state.orphans.size()));
  }
}

void check_journal(const CheckState& state) {
  if (!state.layout().features.has_compat(kCompatHasJournal) || state.superblock.journal_inode == 0) return;
  SpecialFiles files(state);
  files.check("the journal", [&] { files.check_journal(); });
}

}  // namespace fstool::ext4

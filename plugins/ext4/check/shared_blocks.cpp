#include "check/shared_blocks.h"

#include <fmt/format.h>

#include <algorithm>

#include "check/findings.h"
#include "check/inode_role.h"
#include "check/map_walk.h"
#include "fstool/error.h"
#include "read/block_claims.h"
#include "read/inode_fields.h"
#include "read/inode_table.h"

namespace fstool::ext4 {

namespace {

/// The shared blocks of one inode.
class SharedOfInode final : public MapVisitor {
 public:
  SharedOfInode(const CheckState& state, BlockClaims& map_blocks) : state_(state), map_blocks_(map_blocks) {}

  bool map_block(std::uint64_t block) override {
    note(block, 1);
    // Of two inodes with one tree, only the first has what is below it: else that could be read without end.
    return map_blocks_.claim(block, 1);
  }
  void extent(const CheckedExtent& extent) override { note(extent.physical, extent.length); }
  void damage(std::string) override {}  // was told before

  void note(std::uint64_t block, std::uint64_t count) {
    const ClaimedBlocks& usage = state_.usage;
    const std::uint64_t first = usage.cluster_of(block);
    const std::uint64_t last = usage.cluster_of(block + count - 1);
    const auto found = usage.find_shared(first, last - first + 1);
    if (found.count > 0 && blocks_ == 0) first_ = std::max(usage.first_block_of(found.first), block);
    blocks_ += found.count;
  }

  std::uint64_t blocks() const { return blocks_; }
  std::uint64_t first() const { return first_; }

 private:
  const CheckState& state_;
  BlockClaims& map_blocks_;
  std::uint64_t blocks_ = 0;
  std::uint64_t first_ = 0;
};

bool has_map(const InodeRecord& record, const Layout& layout) {
  const auto kind = kind_of(record.fields);
  if ((record.fields.flags & kInodeInlineData) != 0) return false;
  if (kind == NodeKind::Symlink) return !is_fast_symlink(record.fields, layout);
  return kind == NodeKind::File || kind == NodeKind::Directory;
}

}  // namespace

void report_shared_blocks(const CheckState& state, const Inventory& inventory) {
  if (!state.usage.has_shared()) return;
  GroupTable groups(state.volume.blocks, state.layout(), state.copy_group);
  InodeTable inodes(state.volume, groups);
  BlockClaims map_blocks;
  Findings findings;
  for (const UsedInode& used : inventory.used) {
    if (role_of(state, used.number) == InodeRole::Resize) continue;
    state.context().check_cancelled();
    SharedOfInode shared(state, map_blocks);
    try {
      const InodeRecord record = inodes.read(used.number);
      if (has_map(record, state.layout())) walk_map(state.volume, record.map_root(), shared);
      const std::uint64_t xattrs = record.file_acl();
      if (xattrs > state.layout().first_data_block && state.volume.blocks.contains(xattrs, 1)) shared.note(xattrs, 1);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Corrupt) throw;  // was told before
    }
    if (shared.blocks() > 0) {
      findings.add("inode {}: {} of its blocks, from {} on, are in use by others too", used.number, shared.blocks(),
                   shared.first());
    }
  }
  findings.report(state.context(), "blocks that are used twice");
}

}  // namespace fstool::ext4

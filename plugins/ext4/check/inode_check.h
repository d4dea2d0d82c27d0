/// \file
/// Checks one inode and takes its blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "check/check_state.h"
#include "check/inode_role.h"
#include "check/inode_scan.h"
#include "check/xattr_check.h"
#include "read/inode_table.h"

namespace fstool::ext4 {

/// True if inode `number`, which has these fields, is in use.
bool is_used_inode(const CheckState& state, std::uint32_t number, const Inode& fields);

/// Each worker has one. Not thread-safe.
class InodeCheck {
 public:
  /// `state` must outlive this.
  explicit InodeCheck(CheckState& state);

  /// Adds what the inode has to `scan`, and what is wrong with it. Throws Error(Corrupt) if the image ends before what
  /// it refers to.
  void check(const InodeRecord& record, InodeScan& scan);

 private:
  /// The inode being checked.
  struct Job {
    const InodeRecord& record;
    InodeScan& scan;
    InodeRole role;
    NodeKind kind;
    std::uint64_t size;  // bytes
    XattrFacts xattrs;
    std::uint64_t blocks = 0;  // that count for i_blocks
    bool incomplete = false;   // `blocks` are not all that it has
  };
  class MapOfInode;

  void check_free(const InodeRecord& record, InodeRole role, InodeScan& scan);
  void check_fields(const Job& job);
  void check_flags(const Job& job);
  void check_xattr_block(Job& job);
  /// What the attributes in a block add to i_blocks of each inode that has it, in blocks.
  std::uint64_t value_blocks_of(std::uint64_t xattr_block, std::uint32_t owner);
  void check_map(Job& job);
  void check_sizes(const Job& job, const MapOfInode& map);
  void check_file_size(const Job& job);
  void check_inline(Job& job);
  void check_symlink(const Job& job, std::string_view target);
  void check_blocks(const Job& job);
  void keep(Job& job, MapOfInode& map);

  CheckState& state_;
  const Layout& layout_;
  GroupTable groups_;
  InodeTable inodes_;
  XattrCheck xattrs_;
  std::unordered_map<std::uint64_t, std::uint64_t> value_blocks_;  // by block of attributes
};

}  // namespace fstool::ext4

/// \file
/// Checks extended attributes: in inodes, and in blocks that inodes share.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check/findings.h"
#include "ondisk/xattr.h"
#include "read/inode_table.h"
#include "read/volume_state.h"

namespace fstool::ext4 {

/// What a list of attributes refers to.
struct XattrFacts {
  std::optional<std::string> inline_data;   ///< the value of "system.data"
  std::vector<std::uint32_t> value_inodes;  ///< one for each attribute whose value lies in an inode
  std::uint64_t value_blocks = 0;           ///< what those values add to i_blocks, in blocks
  std::uint32_t references = 0;             ///< of a block: how many inodes it says that it belongs to
  std::string oddity;                       ///< of a block: what is unusual, but not wrong; empty: nothing
};

/// Not thread-safe.
class XattrCheck {
 public:
  /// Both must outlive this.
  XattrCheck(const VolumeState& volume, InodeTable& inodes) : volume_(volume), inodes_(inodes) {}

  /// The attributes behind the fields of an inode.
  XattrFacts check_inode(const InodeRecord& record, Findings& findings);
  /// The attributes in a block, which lies in the file system. `owner` is an inode that has it.
  XattrFacts check_block(std::uint64_t block, std::uint32_t owner, Findings& findings);

 private:
  /// A list of entries and what is around it.
  struct Region {
    std::span<const std::byte> bytes;
    std::size_t first = 0;  // byte of the first entry
    std::size_t base = 0;   // what offsets of values count from
    bool is_block = false;
    std::uint32_t owner = 0;
    std::string subject;
  };
  struct Entry {
    XattrEntry fields{};
    std::string_view name;
  };

  static std::string oddity_of(const Region& region, const std::vector<Entry>& entries, std::uint32_t recorded_hash);
  static std::optional<std::vector<Entry>> parse(const Region& region, std::size_t& end, Findings& findings);
  XattrFacts check(const Region& region, Findings& findings);
  void check_value_inode(const Region& region, const Entry& entry, XattrFacts& facts, Findings& findings);

  const VolumeState& volume_;
  InodeTable& inodes_;
};

}  // namespace fstool::ext4

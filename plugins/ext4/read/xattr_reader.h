/// \file
/// Reads the extended attributes of inodes (plugins/ext4/ondisk/xattr.h says how they are stored).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fstool/tree.h"
#include "ondisk/xattr.h"
#include "read/inode_table.h"
#include "read/volume_state.h"

namespace fstool::ext4 {

/// What the extended attributes of an inode are.
struct InodeXattrs {
  std::shared_ptr<const Xattrs> visible;   ///< null: none
  std::optional<std::string> inline_data;  ///< "system.data": what of a file or directory doesn't fit into i_block
  std::vector<std::string> damage;         ///< what could not be read
};

/// Equal sets of attributes are one object. Not thread-safe.
class XattrReader {
 public:
  /// Both must outlive this.
  XattrReader(const VolumeState& volume, InodeTable& inodes);

  /// All attributes that can be read.
  InodeXattrs read(const InodeRecord& record);

 private:
  /// An attribute as it is stored, without the name's prefix.
  struct Stored {
    std::uint8_t name_index = 0;
    std::string name;
    std::string value;
  };
  using StoredSet = std::vector<Stored>;

  /// Parses the entries from `first` bytes into `region` on; their values' offsets count from `base`.
  void parse(std::span<const std::byte> region, std::size_t first, std::size_t base, const InodeRecord& owner,
             StoredSet& out, std::vector<std::string>& damage);
  /// A block of attributes; no bytes if it can't be read.
  struct Block {
    std::vector<std::byte> bytes;
    std::vector<std::string> damage;
  };
  const Block& block_at(std::uint64_t number);
  std::string value_in_inode(const XattrEntry& entry, std::string_view name, const InodeRecord& owner,
                             std::vector<std::string>& damage);
  std::shared_ptr<const Xattrs> share(Xattrs xattrs);

  struct ValueInode {
    std::string value;
    std::uint32_t hash = 0;      // of the value, as computed
    std::uint32_t recorded = 0;  // as the inode says
    std::uint32_t parent = 0;
    std::uint32_t generation = 0;
  };
  const ValueInode& value_inode(std::uint32_t number, std::uint32_t size);

  struct SharedLess {
    bool operator()(const std::shared_ptr<const Xattrs>& a, const std::shared_ptr<const Xattrs>& b) const {
      return *a < *b;
    }
  };

  const VolumeState& volume_;
  InodeTable& inodes_;
  std::set<std::shared_ptr<const Xattrs>, SharedLess> sets_;
  std::uint64_t value_bytes_ = 0;  // of all values in inodes that were handed out
  std::unordered_map<std::uint32_t, ValueInode> values_;
  std::uint64_t values_bytes_ = 0;  // in values_
  std::unordered_map<std::uint64_t, Block> blocks_;
};

}  // namespace fstool::ext4

/// \file
/// Directories (Linux Documentation/filesystems/ext4, "Directory Entries" and "Hash Tree Directories").
///
/// A directory whose entries fit into one block is a list of entries. A larger one is a hash tree: block 0 is the root
/// (with the entries "." and ".." in front, so that old readers see a list), then come the levels of index nodes, if
/// the root is too small to name all leaves, then the leaves. Entries are sorted by the hash of their names, and leaves
/// are filled in that order:
///
///     list:   "." | ".." | entry … | checksum tail
///     root:   "." | ".." | dx_root_info | limit, count, block | hash, block | …          | dx_tail
///     node:   empty entry               | limit, count, block | hash, block | …          | dx_tail
///     leaf:   entry | entry | … (the last one takes what is left)                        | checksum tail
///
/// Tails are there with metadata_csum only. Without dir_index, a directory is a list of any number of blocks. With
/// inline_data a small one has no blocks: its inode holds the parent's number and the entries.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "write/profile.h"

namespace fstool::ext4 {

/// A name as it will be written.
struct NamedInode {
  std::string_view name;
  std::uint32_t inode = 0;
  std::uint8_t file_type = 0;
};

/// The entries of a directory, without "." and "..", by index.
class DirectoryEntries {
 public:
  virtual ~DirectoryEntries() = default;
  virtual std::size_t size() const = 0;
  virtual NamedInode at(std::size_t index) const = 0;
};

/// How the entries of a directory are spread over its leaves.
struct Leaves {
  std::vector<std::uint32_t> order;  ///< indices of the entries as they are written; empty: as they are
  std::vector<std::uint32_t>
      first;  ///< for each leaf the first position in the order, and the number of entries at the end
  std::vector<std::uint32_t> hash;  ///< for each leaf the hash that its entry in the index holds; empty: no hash tree
};

/// The shape of a directory.
struct DirectoryLayout {
  std::uint32_t blocks = 1;              ///< 0: it lies in its inode
  std::uint32_t inline_bytes = 0;        ///< i_size of one that lies in its inode
  std::unique_ptr<const Leaves> leaves;  ///< null: all entries are in block 0, and any further blocks are empty

  bool is_indexed() const { return leaves && !leaves->hash.empty(); }
};

/// Whose directory it is.
struct DirectoryOwner {
  std::uint32_t inode = 0;
  std::uint32_t parent = 0;
};

/// Plans a directory. `inline_room` are the bytes for data behind the inode's fields if it may lie in its inode.
/// Throws Error(Unsupported) if a hash tree can't hold it.
DirectoryLayout plan_directory(const DirectoryEntries& entries, const Profile& profile,
                               std::optional<std::size_t> inline_room);

/// Writes block `index` of a directory into `out`, which is one block.
void write_directory_block(const DirectoryEntries& entries, const DirectoryLayout& layout, DirectoryOwner owner,
                           std::uint32_t index, const Profile& profile, std::span<std::byte> out);

/// The bytes of a directory that lies in its inode: what is for i_block, and then what is for the attribute
/// system.data.
std::vector<std::byte> write_inline_directory(const DirectoryEntries& entries, const DirectoryLayout& layout,
                                              DirectoryOwner owner, const Profile& profile);

}  // namespace fstool::ext4

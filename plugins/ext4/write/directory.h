/// \file
/// Directories (Linux Documentation/filesystems/ext4, "Directory Entries" and "Hash Tree Directories").
///
/// A directory whose entries fit into one block is a list of entries. A larger one is a hash tree: block 0 is the root
/// (with the entries "." and ".." in front, so that old readers see a list), then come the index nodes, if the root is
/// too small to name all leaves, then the leaves. Entries are sorted by the hash of their names, and leaves are filled
/// in that order:
///
///     list:   "." | ".." | entry … | checksum tail
///     root:   "." | ".." | dx_root_info | limit, count, block | hash, block | …          | dx_tail
///     node:   empty entry               | limit, count, block | hash, block | …          | dx_tail
///     leaf:   entry | entry | … (the last one takes what is left)                        | checksum tail
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ondisk/dirhash.h"
#include "ondisk/superblock.h"

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

/// How the entries of an indexed directory are spread over its leaves.
struct HashTree {
  std::vector<std::uint32_t> order;       ///< indices of the entries, sorted by hash
  std::vector<std::uint32_t> leaf_first;  ///< for each leaf the first position in `order`, and order.size() at the end
  std::vector<std::uint32_t> leaf_hash;   ///< for each leaf the hash that its entry in the index holds
};

/// The shape of a directory.
struct DirectoryLayout {
  std::uint32_t blocks = 1;
  std::unique_ptr<const HashTree> tree;  ///< null: a list in block 0, and any further blocks are empty
};

/// Whose directory it is.
struct DirectoryOwner {
  std::uint32_t inode = 0;
  std::uint32_t parent = 0;
};

/// Plans a directory. Throws Error(Unsupported) if a hash tree of two levels can't hold it.
DirectoryLayout plan_directory(const DirectoryEntries& entries, std::uint32_t block_size, const HashSeed& hash_seed);

/// Writes block `index` of a directory into `out`, which is one block. `inode_seed` is that of the directory's inode.
void write_directory_block(const DirectoryEntries& entries, const DirectoryLayout& layout, DirectoryOwner owner,
                           std::uint32_t index, std::uint32_t inode_seed, std::span<std::byte> out);

}  // namespace fstool::ext4

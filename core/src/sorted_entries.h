/// \file
/// The entries of one directory of a Tree, always sorted.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "fstool/tree.h"

namespace fstool {

/// Entries sorted by the byte values of their names. They lie in one array where that is cheap: while they are added
/// in order, while they are few, and after flatten(). Otherwise they lie in sorted blocks, so that adding a million
/// entries, or taking them out, in any order costs a binary search and a short move each. Not thread-safe.
class SortedEntries {
 public:
  /// Adds an entry; false if the name is there already.
  bool insert(DirEntry entry);
  /// Takes an entry out and returns it, if it is there.
  std::optional<DirEntry> erase(std::string_view name);
  const DirEntry* find(std::string_view name) const;

  /// True if all() may be called.
  bool is_flat() const noexcept { return blocks_.empty(); }
  /// Puts all entries into one array. Linear in their number.
  void flatten();
  std::span<const DirEntry> all() const noexcept { return flat_; }

 private:
  using Block = std::vector<DirEntry>;

  void split_into_blocks();
  bool insert_into_blocks(DirEntry entry);
  std::optional<DirEntry> erase_from_blocks(std::string_view name);
  /// The block in which `name` is or would be.
  std::size_t block_of(std::string_view name) const;
  const Block& list_of(std::string_view name) const;

  Block flat_;                 // empty while there are blocks
  std::vector<Block> blocks_;  // each of 1 … kBlockCapacity entries
};

}  // namespace fstool

/// \file
/// Checks the hash tree of an indexed directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "ondisk/directory_block.h"
#include "read/layout.h"

namespace fstool::ext4 {

/// The hashes that names in a part of the tree may have: [first, end).
struct HashRange {
  std::uint64_t first = 0;
  std::uint64_t end = std::uint64_t{1} << 32;
};

/// What the index of a directory says about its blocks.
class DirectoryIndex {
 public:
  /// Gives a block of the directory; nothing if it has none there, which has been told.
  using ReadBlock = std::function<std::optional<std::vector<std::byte>>(std::uint64_t logical)>;
  /// Gets a sentence without the directory's name.
  using Report = std::function<void(const std::string& what)>;

  /// Reads the index of a directory of `blocks` blocks. Each block is read once at most.
  DirectoryIndex(const Layout& layout, std::uint64_t blocks, const ReadBlock& read_block, const Report& report);

  /// Nothing if the root is damaged, and the rest is not to be judged by it.
  std::optional<std::uint8_t> hash_version() const { return hash_version_; }
  bool is_node(std::uint64_t logical) const { return nodes_.contains(logical); }
  /// Where in the order of hashes a leaf is; nothing if no node refers to it.
  std::optional<HashRange> leaf(std::uint64_t logical) const {
    const auto found = leaves_.find(logical);
    return found == leaves_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  void read_node(std::span<const std::byte> block, std::uint64_t logical, std::size_t entries_offset, unsigned levels,
                 HashRange range);
  void add_child(std::uint64_t child, unsigned levels, HashRange range);

  const Layout& layout_;
  const std::uint64_t blocks_;
  const ReadBlock& read_block_;
  const Report& report_;
  std::optional<std::uint8_t> hash_version_;
  std::unordered_map<std::uint64_t, HashRange> nodes_;
  std::unordered_map<std::uint64_t, HashRange> leaves_;
};

}  // namespace fstool::ext4

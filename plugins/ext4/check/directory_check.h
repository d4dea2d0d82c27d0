/// \file
/// Checks the entries of a directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "check/check_state.h"
#include "check/directory_index.h"
#include "check/findings.h"
#include "check/inode_scan.h"
#include "read/directory_block.h"

namespace fstool::ext4 {

/// What a name says about the inode that it is of.
struct NameReference {
  std::uint32_t inode = 0;
  std::uint32_t name_offset = 0;  ///< into DirectoryScan::name_bytes
  std::uint8_t name_length = 0;
  std::uint8_t file_type = 0;
  bool is_dot = false;   ///< "." or ".."
  bool has_type = true;  ///< false: "." and ".." of an inline directory, which are not written down
};

/// The names in a directory.
struct DirectoryScan {
  std::uint32_t inode = 0;
  std::uint32_t parent = 0;  ///< as ".." says; 0: it has none
  Findings findings;
  std::vector<NameReference> names;
  std::string name_bytes;

  std::string_view text_of(const NameReference& name) const {
    return std::string_view(name_bytes).substr(name.name_offset, name.name_length);
  }
};

/// Each worker has one. Not thread-safe.
class DirectoryCheck {
 public:
  /// `state` must outlive this.
  explicit DirectoryCheck(const CheckState& state) : state_(state) {}

  DirectoryScan check(const DirectoryToCheck& directory);

 private:
  void read_inline();
  void read_blocks();
  void read_extent(const CheckedExtent& extent, const std::optional<DirectoryIndex>& index);
  void read_block(std::uint64_t logical, std::span<const std::byte> block, const std::optional<DirectoryIndex>& index);
  void check_dots();
  void check_hashes(std::uint64_t logical, const DirectoryIndex& index);
  void check_twins();
  void add(const StoredName& name, bool is_dot);
  std::optional<std::vector<std::byte>> block_at(std::uint64_t logical);
  void damage(const std::string& what);

  const CheckState& state_;
  const DirectoryToCheck* directory_ = nullptr;
  DirectoryScan scan_;
  EntryFormat format_;
  std::vector<std::byte> buffer_;
  std::vector<StoredName> names_;  // of the block at hand
};

}  // namespace fstool::ext4
